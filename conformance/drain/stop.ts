// A stop with requests in flight: all of them are answered, and then the program ends without delay. SIGTERM is what Kubernetes
// sends; where a gateway has another signal for a stop in order, that one is judged too.
import { connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { openTarget, type OpenTarget } from '../target/open-target.ts';
import { KeepAliveClient } from './keep-alive-client.ts';
import { Origin, WAIT_PATH } from './origin.ts';

const GROUP = 'stop';
const IN_FLIGHT = 20;
const ANSWER_MS = 1000;
/** After the last answer. */
const MOST_EXIT_MS = 1000;
const PATIENCE_MS = 15_000;
const ORDERLY: Readonly<Record<string, NodeJS.Signals | undefined>> = {
  nginx: 'SIGQUIT',
  haproxy: 'SIGUSR1',
};

/** Sends the requests and resolves with one outcome each: undefined for a good answer, or the reason. */
type Send = (gateway: OpenTarget) => Promise<(string | undefined)[]>;

const PROTOCOLS: Readonly<Record<string, Send>> = { 'HTTP/1.1': sendHttp1, 'HTTP/2': sendHttp2 };

export async function judgeStop(context: SuiteContext): Promise<CaseResult[]> {
  const orderly = ORDERLY[context.target.name];
  const results: CaseResult[] = [];
  for (const signal of ['SIGTERM', ...(orderly === undefined ? [] : [orderly])] as const)
    for (const [protocol, send] of Object.entries(PROTOCOLS)) {
      context.say(`stop: ${signal} with ${IN_FLIGHT} requests in flight, ${protocol}`);
      results.push(await judge(context, signal, protocol, send));
    }
  return results;
}

async function judge(
  context: SuiteContext,
  signal: NodeJS.Signals,
  protocol: string,
  send: Send,
): Promise<CaseResult> {
  await using origin = await Origin.open('a');
  await using gateway = await openTarget(context, [
    { prefix: '/', protocol: 'http1', backends: [origin.port] },
  ]);
  const sent = send(gateway);
  const end = Date.now() + PATIENCE_MS;
  while (origin.requests < IN_FLIGHT && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 10));
  gateway.program.signal(signal);
  const outcomes = await sent;
  const answered = performance.now();
  const exit = await Promise.race([
    gateway.program.exited.then((code) => ({ code, after: performance.now() - answered })),
    new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined)),
  ]);
  const good = outcomes.filter((reason) => reason === undefined).length;
  const wrong = [
    ...(good === IN_FLIGHT
      ? []
      : [`${good} of ${IN_FLIGHT} answered`, ...new Set(outcomes.filter((reason) => reason !== undefined))]),
    ...(exit === undefined ? [`still there ${PATIENCE_MS / 1000} s after the last answer`] : []),
    ...(exit !== undefined && exit.after > MOST_EXIT_MS
      ? [`ended ${exit.after.toFixed(0)} ms after the last answer`]
      : []),
    ...(exit !== undefined && exit.code !== 0 ? [`ended with ${exit.code}`] : []),
  ];
  return {
    id: `${signal}, ${protocol}`,
    group: GROUP,
    outcome: wrong.length === 0 ? 'passed' : 'failed',
    findings: wrong.length === 0 ? [`ended ${exit?.after.toFixed(0)} ms after the last answer`] : wrong,
  };
}

function sendHttp1({ ports }: OpenTarget): Promise<(string | undefined)[]> {
  return Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      const client = new KeepAliveClient({ port: ports.http, keepAlive: true });
      try {
        const head = await client.request(`${WAIT_PATH}${ANSWER_MS}`);
        return head.startsWith('HTTP/1.1 200 ') ? undefined : head.split('\r\n', 1)[0];
      } catch (error) {
        return describe(error);
      } finally {
        client.close();
      }
    }),
  );
}

/** All on one connection. */
async function sendHttp2({ ports }: OpenTarget): Promise<(string | undefined)[]> {
  const session = connectHttp2(`http://127.0.0.1:${ports.h2c}`);
  session.on('error', () => undefined);
  const outcomes = await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      const stream = session.request({ ':path': `${WAIT_PATH}${ANSWER_MS}` });
      let status: number | undefined;
      stream.on('response', (headers) => (status = headers[':status']));
      stream.resume();
      try {
        await once(stream, 'end', { signal: AbortSignal.timeout(PATIENCE_MS) });
        return status === 200 ? undefined : `status ${status}`;
      } catch (error) {
        return describe(error);
      }
    }),
  );
  session.destroy();
  return outcomes;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
