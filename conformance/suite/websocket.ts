// WebSocket: the same bytes, directly to an echo server and through the gateway, must give the same frames.
import type { CaseResult } from '../report.ts';
import { openTarget } from '../target/open-target.ts';
import { converse, loadWebSocketCases, type WebSocketCase } from '../websocket/conversation.ts';
import { EchoServer } from '../websocket/echo-server.ts';
import type { Suite } from './suite.ts';

const HOST = '127.0.0.1';
const TOGETHER = 8;
const SHOWN = 160;

export const websocket: Suite = {
  name: 'websocket',
  summary: 'WebSocket tunnels: 71 cases that compare the gateway with no gateway',
  flags: [],
  async run(context) {
    const { target, say, stop } = context;
    target.prepare(say);
    const echo = await EchoServer.open();
    try {
      const routes = [
        { prefix: '/ws', protocol: 'http1' as const, backends: [echo.port], websocket: true },
        { prefix: '/', protocol: 'http1' as const, backends: [echo.port] },
      ];
      await using gateway = await openTarget(context, routes);
      const cases = await compareAll(loadWebSocketCases(), echo.port, gateway.ports.http, stop);
      return { subject: target.version(), cases, notes: [] };
    } finally {
      await echo.close();
    }
  },
};

/** In the order of the cases. */
export async function compareAll(
  cases: readonly WebSocketCase[],
  direct: number,
  gateway: number,
  stop: AbortSignal,
): Promise<CaseResult[]> {
  const results = new Map<WebSocketCase, CaseResult>();
  const queue = cases.values();
  const lane = async (): Promise<void> => {
    for (const one of queue) if (!stop.aborted) results.set(one, await compare(one, direct, gateway));
  };
  await Promise.all(Array.from({ length: TOGETHER }, lane));
  return cases.flatMap((one) => results.get(one) ?? []);
}

async function compare(one: WebSocketCase, direct: number, gateway: number): Promise<CaseResult> {
  const result = { id: one.id, group: 'websocket' };
  try {
    const [want, got] = await Promise.all([converse(one, HOST, direct), converse(one, HOST, gateway)]);
    if (want === got) return { ...result, outcome: 'passed', findings: [] };
    const findings = [`directly ${want.slice(0, SHOWN)}, through the gateway ${got.slice(0, SHOWN)}`];
    return { ...result, outcome: 'failed', findings };
  } catch (error) {
    return {
      ...result,
      outcome: 'failed',
      findings: [error instanceof Error ? error.message : String(error)],
    };
  }
}
