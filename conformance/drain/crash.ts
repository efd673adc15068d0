// One worker of two crashes under load: only what it had in flight may be lost, and new connections are served within 100 ms.
import { findEnd, judgeCase, skipCase } from '../case.ts';
import { findFreePorts } from '../machine/port.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { openTarget, type OpenTarget } from '../target/open-target.ts';
import { KeepAliveClient } from './keep-alive-client.ts';
import { Origin, WAIT_PATH } from './origin.ts';
import { crashThread, inspectorOptions, killWorkerProcess } from './worker-crash.ts';

const GROUP = 'crash';
/** In flight when it happens, spread over the workers by the kernel. */
const IN_FLIGHT = 16;
const ANSWER_MS = 1500;
const MOST_GAP_MS = 100;
/** New connections, one after the other, before and after. */
const PROBE_EVERY_MS = 5;
const WATCH_MS = 4000;
/** Of one answer without any crash: what the origin and a busy machine take. */
const USUAL_MS = 60;

interface Probe {
  /** Milliseconds after the crash. */
  readonly begun: number;
  readonly ended: number;
  /** undefined for a good answer. */
  readonly failure: string | undefined;
}

export async function judgeCrash(context: SuiteContext): Promise<CaseResult[]> {
  const { target, say } = context;
  if (target.name === 'envoy')
    return [skipCase(GROUP, 'all', 'its workers are threads, and none can be ended alone')];
  await using origin = await Origin.open('a');
  const [inspector = 0] = await findFreePorts(1);
  await using gateway = await openTarget(
    context,
    [{ prefix: '/', protocol: 'http1', backends: [origin.port] }],
    { flags: ['--workers', '2'], env: inspectorOptions(inspector) },
  );
  say('crash: one worker, with requests in flight');
  const inFlight = Array.from({ length: IN_FLIGHT }, () => answer(gateway, `${WAIT_PATH}${ANSWER_MS}`));
  while (origin.requests < IN_FLIGHT) await new Promise((resolve) => setTimeout(resolve, 10));
  const crashed = performance.now();
  if (target.name === 'sluice') await crashThread(inspector);
  else killWorkerProcess(gateway);
  const probes = await probe(gateway, crashed);
  const lost = (await Promise.all(inFlight)).filter((failure) => failure !== undefined);
  return [judgeInFlight(lost, target.name), judgeProbes(probes, gateway)];
}

/** A thread is one of two; nginx and HAProxy have one worker here, which holds all. */
function judgeInFlight(lost: readonly string[], target: string): CaseResult {
  const wrong = [
    ...(lost.length === 0 ? ['nothing was lost: no worker crashed'] : []),
    ...(target === 'sluice' && lost.length === IN_FLIGHT ? ['the other worker lost its requests too'] : []),
    ...(lost.some((reason) => reason.startsWith('no answer within')) ? ['a client was left waiting'] : []),
  ];
  const figures = `${lost.length} of ${IN_FLIGHT} in flight were lost`;
  return judgeCase(GROUP, 'requests in flight', wrong, figures);
}

function judgeProbes(probes: readonly Probe[], { program }: OpenTarget): CaseResult {
  const late = probes.filter(({ begun, failure }) => failure !== undefined && begun > MOST_GAP_MS);
  const slowest = Math.max(
    ...probes.filter(({ begun }) => begun >= 0).map(({ begun, ended }) => ended - begun),
  );
  const wrong = [
    ...findEnd(program),
    ...(late.length === 0
      ? []
      : [`${late.length} new connections failed later than ${MOST_GAP_MS} ms after it: ${late[0]?.failure}`]),
    ...(slowest <= MOST_GAP_MS + USUAL_MS
      ? []
      : [`a new connection waited ${slowest.toFixed(0)} ms for its answer`]),
  ];
  const early = probes.filter(({ failure }) => failure !== undefined).length - late.length;
  return judgeCase(
    GROUP,
    'new connections',
    wrong,
    `${probes.length} made, ${early} failed at first, the slowest took ${slowest.toFixed(0)} ms`,
  );
}

/** Without waiting for one another: a connection that nobody accepts must not hide the next. */
async function probe(gateway: OpenTarget, crashed: number): Promise<Probe[]> {
  const probes: Promise<Probe>[] = [];
  for (let now = performance.now(); now < crashed + WATCH_MS; now = performance.now()) {
    const begun = now - crashed;
    probes.push(
      answer(gateway, '/').then((failure) => ({ begun, ended: performance.now() - crashed, failure })),
    );
    await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
  }
  return Promise.all(probes);
}

async function answer({ ports }: OpenTarget, path: string): Promise<string | undefined> {
  const client = new KeepAliveClient({ port: ports.http, keepAlive: false });
  try {
    const head = await client.request(path);
    return head.startsWith('HTTP/1.1 200 ') ? undefined : head.split('\r\n', 1)[0];
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    client.close();
  }
}
