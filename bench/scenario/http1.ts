// HTTP/1.1 reverse proxies side by side: CPU time per request on one core. Each proxy on core 0; wrk and the origin on core 1.
// All proxies run from beginning to end and take turns under load, so that drift of the machine hits all alike.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BODY_BYTES, startOrigin } from '../load/origin.ts';
import { runWrk, type WrkReport } from '../load/wrk.ts';
import { awaitAnswer } from '../machine/await-answer.ts';
import { installCommands } from '../machine/install.ts';
import { findFreePort } from '../machine/port.ts';
import type { Program } from '../machine/program.ts';
import { readUsage } from '../machine/session.ts';
import { choosePeers } from '../options.ts';
import { envoy } from '../peer/envoy.ts';
import { haproxy } from '../peer/haproxy.ts';
import { http2Proxy } from '../peer/http2-proxy.ts';
import { nginx } from '../peer/nginx.ts';
import type { Peer } from '../peer/peer.ts';
import { sluice } from '../peer/sluice.ts';
import { joinTurns, type Sample, type Turn } from './http1-sample.ts';
import { summarizeHttp1 } from './http1-summary.ts';
import type { ScenarioContext, ScenarioResult } from './scenario.ts';

const PEERS: readonly Peer[] = [nginx, haproxy, envoy, http2Proxy, sluice];
const PROXY_CORE = 0;
const LOAD_CORE = 1;
const CONNECTIONS = 64;
/** Long enough for a JavaScript engine to have compiled what is hot. */
const WARM_UP_SECONDS = 2;
const TURN_SECONDS = 1;

interface Runner {
  readonly peer: Peer;
  readonly program: Program;
  readonly url: string;
  readonly samples: Sample[];
}

/** Throws when a peer cannot be started or does not proxy as agreed. */
export async function runHttp1(context: ScenarioContext): Promise<ScenarioResult> {
  const peers = choosePeers(PEERS, context.peers);
  installCommands(
    [
      { command: 'taskset', package: 'util-linux' },
      { command: 'wrk', package: 'wrk' },
    ],
    context.say,
  );
  for (const peer of [nginx, ...peers]) peer.prepare(context.say);

  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const originPort = await startOwnOrigin(stack, folder);
  const runners: Runner[] = [];
  for (const peer of peers) runners.push(await startPeer(stack, peer, folder, originPort));

  for (const runner of runners) {
    context.say(`warming up ${runner.peer.name} ${runner.peer.version()}`);
    await load(runner, WARM_UP_SECONDS, context.stop);
  }
  for (let number = 1; number <= context.rounds; number += 1)
    for (const [runner, sample] of await runRound(runners, context)) {
      runner.samples.push(sample);
      context.say(`round ${number} ${runner.peer.name}: ${sample.cpuUs.toFixed(2)} us of CPU per request`);
    }
  const versions = Object.fromEntries(runners.map(({ peer }) => [peer.name, peer.version()]));
  const samples = Object.fromEntries(runners.map((runner) => [runner.peer.name, runner.samples]));
  return summarizeHttp1(samples, versions, {
    connections: CONNECTIONS,
    bodyBytes: BODY_BYTES,
    ...pick(context),
  });
}

async function startOwnOrigin(stack: AsyncDisposableStack, folder: string): Promise<number> {
  const port = await findFreePort();
  const origin = startOrigin(port, makeFolder(folder, 'origin'), LOAD_CORE);
  stack.defer(() => origin.stop());
  await awaitAnswer(origin, `http://127.0.0.1:${port}/`);
  return port;
}

async function startPeer(
  stack: AsyncDisposableStack,
  peer: Peer,
  folder: string,
  originPort: number,
): Promise<Runner> {
  const port = await findFreePort();
  const program = peer.start({ port, originPort, folder: makeFolder(folder, peer.name), core: PROXY_CORE });
  stack.defer(() => program.stop());
  const url = `http://127.0.0.1:${port}/`;
  const body = await awaitAnswer(program, url);
  if (body.length !== BODY_BYTES)
    throw new Error(`${peer.name} answered ${body.length} bytes, not the origin's ${BODY_BYTES}`);
  const forwarded = await awaitAnswer(program, `${url}forwarded`);
  // Envoy gives the address of the node for a client on loopback.
  if (isIP(forwarded) === 0)
    throw new Error(`${peer.name} sent x-forwarded-for '${forwarded}': the comparison would not be fair`);
  return { peer, program, url, samples: [] };
}

/** `duration` turns for each, so that what else the machine does meets all of them. */
async function runRound(
  runners: readonly Runner[],
  context: ScenarioContext,
): Promise<ReadonlyMap<Runner, Sample>> {
  const turns = new Map(runners.map((runner) => [runner, [] as Turn[]]));
  for (let second = 0; second < context.duration; second += TURN_SECONDS)
    for (const [runner, list] of turns) list.push(await measure(runner, context.stop));
  return new Map([...turns].map(([runner, list]) => [runner, joinTurns(list)]));
}

async function measure(runner: Runner, stop: AbortSignal): Promise<Turn> {
  const before = readUsage(runner.program.pid);
  const { requests, seconds, p50us, p99us, errors } = await load(runner, TURN_SECONDS, stop);
  const { cpuNs, rssBytes } = readUsage(runner.program.pid);
  return { cpuNs: cpuNs - before.cpuNs, requests, seconds, p50us, p99us, rssBytes, errors };
}

async function load(runner: Runner, seconds: number, stop: AbortSignal): Promise<WrkReport> {
  const report = await runWrk({ url: runner.url, connections: CONNECTIONS, seconds, core: LOAD_CORE }, stop);
  if (!runner.program.running)
    throw new Error(`${runner.peer.name} ended under load; it wrote:\n${runner.program.log}`);
  return report;
}

function makeFolder(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  return folder;
}

function pick({ rounds, duration }: ScenarioContext): { rounds: number; seconds: number } {
  return { rounds, seconds: duration };
}
