// Configuration changes under load: each one leads all requests to another backend, so that it can be seen from outside when it
// holds. Nothing may fail, no change may get lost, and no connection may be closed in silence.
import { findEnd, judgeCase, skipCase } from '../case.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { openTarget, type OpenTarget } from '../target/open-target.ts';
import { reloadSignal } from '../target/reload-signal.ts';
import { KeepAliveClient } from './keep-alive-client.ts';
import { Load, USUAL_LOAD } from './load.ts';
import { renderLoad, summariseLoad } from './load-summary.ts';
import { Origin } from './origin.ts';

const GROUP = 'reload';
/** Between two changes at least; four in five seconds are usual, this is worse. */
const PAUSE_MS = 100;
const EFFECT_MS = 10_000;
const POLL_MS = 5;
const PROGRESS = 100;
/** Then there is nothing more to learn. */
const MOST_LOST = 3;

export async function judgeReload(context: SuiteContext, changes: number): Promise<CaseResult[]> {
  const { target, say, stop } = context;
  if (target.name === 'envoy')
    return [skipCase(GROUP, 'all', 'its file is read once: a change needs an xDS server or a hot restart')];
  await using first = await Origin.open('a');
  await using second = await Origin.open('b');
  const origins = [first, second] as const;
  await using gateway = await openTarget(context, routesTo(first));
  say(`reload: ${changes} changes under ${USUAL_LOAD.requestsPerSecond} requests/s`);
  const load = new Load({ port: gateway.ports.http, ...USUAL_LOAD });
  const lost: string[] = [];
  const begin = performance.now();
  let took = 0;
  for (
    let change = 1;
    change <= changes && lost.length < MOST_LOST && gateway.program.running && !stop.aborted;
    change += 1
  ) {
    const origin = origins[change % 2]!;
    target.configure({ ...gateway.setting, routes: routesTo(origin) });
    const signal = reloadSignal(target.name);
    if (signal !== undefined) gateway.program.signal(signal);
    const effect = await awaitEffect(gateway, origin);
    if (effect === undefined) lost.push(`change ${change} does not hold after ${EFFECT_MS / 1000} s`);
    took += effect ?? 0;
    if (change % PROGRESS === 0) say(`reload: ${change} of ${changes}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const seconds = (performance.now() - begin) / 1000;
  const summary = summariseLoad(await load.stop());
  const figures = `${changes} changes in ${seconds.toFixed(1)} s, each in force after ${(took / changes).toFixed(0)} ms; ${renderLoad(summary)}`;
  return [
    judgeCase(GROUP, 'requests', [...findEnd(gateway.program), ...summary.reasons], figures),
    judgeCase(
      GROUP,
      'idle connections',
      summary.idleCloses === 0 ? [] : [`${summary.idleCloses} closed unannounced`],
    ),
    judgeCase(GROUP, 'changes hold', lost),
  ];
}

function routesTo(origin: Origin): OpenTarget['setting']['routes'] {
  return [{ prefix: '/', protocol: 'http1', backends: [origin.port] }];
}

/** Milliseconds until an answer comes from `origin`; undefined when none does. */
async function awaitEffect({ ports, program }: OpenTarget, origin: Origin): Promise<number | undefined> {
  const begin = performance.now();
  while (performance.now() < begin + EFFECT_MS && program.running) {
    const client = new KeepAliveClient({ port: ports.http, keepAlive: false });
    const head = await client.request('/').catch(() => '');
    if (head.toLowerCase().includes(`x-origin: ${origin.name}`)) return performance.now() - begin;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}
