// Certificates that change under load: no connection fails, none is closed in silence, and new ones see the new certificate.
import { Load, USUAL_LOAD } from '../drain/load.ts';
import { renderLoad, summariseLoad } from '../drain/load-summary.ts';
import { judgeCase, skipCase } from '../case.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { openTarget, type OpenTarget } from '../target/open-target.ts';
import { reloadSignal } from '../target/reload-signal.ts';
import type { Authority } from './authority.ts';
import { shakeHands } from './handshake.ts';

const GROUP = 'swap';
const SWAPS = 10;
const PAUSE_MS = 200;
const EFFECT_MS = 10_000;

export async function judgeSwap(
  context: SuiteContext,
  authority: Authority,
  backend: number,
): Promise<CaseResult[]> {
  const { target } = context;
  if (target.name === 'envoy')
    return [skipCase(GROUP, 'all', 'its file is read once: a change needs an xDS server')];
  context.say(`certificate: ${SWAPS} changes under ${USUAL_LOAD.requestsPerSecond} requests/s over TLS`);
  const routes = [{ prefix: '/', protocol: 'http1' as const, backends: [backend] }];
  await using gateway = await openTarget(context, routes);
  const load = new Load({ port: gateway.ports.https, tls: true, ...USUAL_LOAD });
  const lost: string[] = [];
  for (let swap = 1; swap <= SWAPS && gateway.program.running; swap += 1) {
    const certificate = authority.issue({ names: [`DNS:swap-${swap}.example`] });
    target.configure({ ...gateway.setting, certificate });
    const signal = reloadSignal(target.name);
    if (signal !== undefined) gateway.program.signal(signal);
    if (!(await awaitName(gateway, `swap-${swap}.example`))) lost.push(`certificate ${swap} is not seen`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const summary = summariseLoad(await load.stop());
  const idle = summary.idleCloses === 0 ? [] : [`${summary.idleCloses} connections were closed unannounced`];
  return [
    judgeCase(GROUP, `${SWAPS} under load, requests`, [...summary.reasons, ...idle], renderLoad(summary)),
    judgeCase(GROUP, 'new connections see the new certificate', lost),
  ];
}

async function awaitName({ ports, program }: OpenTarget, name: string): Promise<boolean> {
  for (const end = Date.now() + EFFECT_MS; Date.now() < end && program.running;) {
    const agreed = await shakeHands({ port: ports.https }, false).catch(() => undefined);
    if (agreed?.names.includes(name) === true) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
