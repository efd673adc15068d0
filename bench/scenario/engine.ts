// Every protocol of the proxy beside nginx, HAProxy and Envoy: CPU time per request on one core. Each proxy on core 0; the load and
// the origins on core 1. Each scenario has processes of its own, which take turns under load from its beginning to its end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../load/compile.ts';
import { GRPC_MESSAGE } from '../load/grpc-message.ts';
import { awaitPort } from '../machine/await-port.ts';
import { makeCertificate, writeClientConfig, type Certificate } from '../machine/certificate.ts';
import { installCommands } from '../machine/install.ts';
import { findFreePort } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { readUsage } from '../machine/session.ts';
import { choosePeers, chooseScenarios } from '../options.ts';
import { Inspector } from '../proof/inspector.ts';
import { envoy } from '../proxy/envoy.ts';
import { haproxy } from '../proxy/haproxy.ts';
import { nginx } from '../proxy/nginx.ts';
import type { FrontPorts, OriginPorts, Proxy } from '../proxy/proxy.ts';
import { sluice } from '../proxy/sluice.ts';
import { ENGINE_SCENARIOS, type EngineScenario } from './engine-goal.ts';
import { summarizeEngine, type EngineCell, type EngineTurn } from './engine-summary.ts';
import { ENGINE_WORK, type EngineWork, type LoadTools } from './engine-work.ts';
import type { ScenarioContext, ScenarioResult } from './scenario.ts';

const PROXIES: readonly Proxy[] = [nginx, haproxy, envoy, sluice];
const PROXY_CORE = 0;
const LOAD_CORE = 1;
/** Long enough for a JavaScript engine to have compiled what is hot. */
const WARM_UP_SECONDS = 3;
const TURN_SECONDS = 1;
const PROOF_MS = 5000;
const OTHER_PORTS_MS = 2000;

interface Bench {
  readonly context: ScenarioContext;
  readonly folder: string;
  readonly certificate: Certificate;
  readonly origins: OriginPorts;
  readonly tools: LoadTools;
}

interface Runner {
  readonly proxy: Proxy;
  readonly program: Program;
  readonly ports: FrontPorts;
  readonly rounds: EngineTurn[][];
  fault?: string;
}

/** Throws when a proxy cannot be started at all. */
export async function runEngine(context: ScenarioContext): Promise<ScenarioResult> {
  const proxies = choosePeers(PROXIES, context.peers);
  const scenarios = chooseScenarios(ENGINE_SCENARIOS, context.scenarios);
  installCommands(
    [
      { command: 'taskset', package: 'util-linux' },
      { command: 'wrk', package: 'wrk' },
      { command: 'h2load', package: 'nghttp2-client' },
      { command: 'openssl', package: 'openssl' },
      { command: 'cc', package: 'gcc libc6-dev' },
    ],
    context.say,
  );
  for (const proxy of proxies) proxy.prepare(context.say);

  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const bench: Bench = {
    context,
    folder,
    certificate: makeCertificate(folder),
    origins: await startOrigins(stack, folder),
    tools: makeTools(folder),
  };
  const leftOut = new Map<string, string>();
  for (const proxy of proxies) await proveAll(bench, proxy, scenarios, leftOut);

  const rows: [EngineScenario, Record<string, EngineCell>][] = [];
  for (const scenario of scenarios) {
    const able = proxies.filter(({ name }) => !leftOut.has(`${scenario} ${name}`));
    const measured = await measureScenario(bench, scenario, able);
    const cell = ({ name }: Proxy): EngineCell =>
      measured.get(name) ?? { rounds: [], leftOut: leftOut.get(`${scenario} ${name}`) ?? 'not measured' };
    rows.push([scenario, Object.fromEntries(proxies.map((proxy) => [proxy.name, cell(proxy)]))]);
  }
  const versions = Object.fromEntries(proxies.map((proxy) => [proxy.name, proxy.version()]));
  const setting = { rounds: context.rounds, seconds: context.duration };
  return summarizeEngine(Object.fromEntries(rows), versions, setting);
}

/** Which scenarios a proxy does as agreed, with an origin that looks at everything; what it does not do goes into `leftOut`. */
async function proveAll(
  { context, folder, certificate }: Bench,
  proxy: Proxy,
  scenarios: readonly EngineScenario[],
  leftOut: Map<string, string>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await Inspector.open());
  const origins = inspector.ports;
  const setting = { origins, certificate, folder: makeFolder(folder, `proof-${proxy.name}`) };
  const { program, ports } = await startProxy(stack, proxy, setting);
  for (const scenario of scenarios) {
    if (context.stop.aborted) throw new Error('stopped');
    if (!program.running) throw new Error(`${proxy.name} ended; it wrote:\n${program.log}`);
    const signal = AbortSignal.timeout(PROOF_MS);
    try {
      await ENGINE_WORK[scenario].prove({ ports, certificate, inspector }, signal);
    } catch (error) {
      const text = signal.aborted ? `no proof within ${PROOF_MS / 1000} s: ` : '';
      leftOut.set(
        `${scenario} ${proxy.name}`,
        `${text}${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

async function measureScenario(
  bench: Bench,
  scenario: EngineScenario,
  proxies: readonly Proxy[],
): Promise<Map<string, EngineCell>> {
  const { context, folder, certificate, origins } = bench;
  const work = ENGINE_WORK[scenario];
  await using stack = new AsyncDisposableStack();
  const runners: Runner[] = [];
  for (const proxy of proxies) {
    const setting = { origins, certificate, folder: makeFolder(folder, `${scenario}-${proxy.name}`) };
    runners.push({ proxy, ...(await startProxy(stack, proxy, setting)), rounds: [] });
  }
  for (const runner of runners) {
    context.say(`${scenario}: warming up ${runner.proxy.name}`);
    await load(bench, work, runner, WARM_UP_SECONDS);
  }
  for (let number = 1; number <= context.rounds; number += 1) {
    for (const { rounds } of runners) rounds.push([]);
    for (let second = 0; second < context.duration; second += TURN_SECONDS)
      for (const runner of runners) await takeTurn(bench, work, runner);
    const costs = runners.map(({ proxy, rounds }) => `${proxy.name} ${describeCost(rounds.at(-1)!)}`);
    context.say(`${scenario}: round ${number}, us of CPU per request: ${costs.join(', ')}`);
  }
  return new Map(
    runners.map(({ proxy, rounds, fault }) => [
      proxy.name,
      fault === undefined ? { rounds } : { rounds: [], fault },
    ]),
  );
}

async function takeTurn(bench: Bench, work: EngineWork, runner: Runner): Promise<void> {
  // One that did wrong work once has no figures: no more of its time is needed.
  if (runner.fault !== undefined) return;
  const before = readUsage(runner.program.pid);
  const report = await load(bench, work, runner, TURN_SECONDS);
  if (report === undefined) return;
  const { cpuNs, rssBytes } = readUsage(runner.program.pid);
  runner.rounds.at(-1)!.push({ ...report, cpuNs: cpuNs - before.cpuNs, rssBytes });
}

/** undefined, and a fault of the runner, when the work was not done right. */
async function load(
  { context, tools }: Bench,
  work: EngineWork,
  runner: Runner,
  seconds: number,
): Promise<{ requests: number; seconds: number } | undefined> {
  const fault = (text: string): undefined => {
    context.say(`${runner.proxy.name}: ${text}`);
    runner.fault = text;
  };
  try {
    const report = await work.load(runner.ports, seconds, tools, context.stop);
    if (!runner.program.running) return fault(`ended under load; it wrote:\n${runner.program.log}`);
    if (report.fault !== '') return fault(report.fault);
    if (report.requests === 0) return fault('no request was answered');
    return { requests: report.requests, seconds: report.seconds };
  } catch (error) {
    if (context.stop.aborted) throw error;
    return fault(error instanceof Error ? error.message : String(error));
  }
}

async function startProxy(
  stack: AsyncDisposableStack,
  proxy: Proxy,
  setting: { readonly origins: OriginPorts; readonly certificate: Certificate; readonly folder: string },
): Promise<{ program: Program; ports: FrontPorts }> {
  const http = await findFreePort();
  const h2c = proxy.onePort ? http : await findFreePort();
  const ports = { http, h2c, https: await findFreePort() };
  const program = proxy.start({ ...setting, ports, core: PROXY_CORE });
  stack.defer(() => program.stop());
  await awaitPort(program, http);
  // A port that stays closed is not ours to judge: the proof of its scenario tells.
  for (const port of [ports.h2c, ports.https])
    await awaitPort(program, port, OTHER_PORTS_MS).catch(() => undefined);
  return { program, ports };
}

async function startOrigins(stack: AsyncDisposableStack, folder: string): Promise<OriginPorts> {
  const start = async (name: string): Promise<number> => {
    const port = await findFreePort();
    const program = new Program(name, [compile(name, folder), String(port)], { core: LOAD_CORE });
    stack.defer(() => program.stop());
    await awaitPort(program, port);
    return port;
  };
  return { web: await start('web-origin'), grpc: await start('grpc-origin') };
}

function makeTools(folder: string): LoadTools {
  const grpcMessage = join(folder, 'grpc-message');
  writeFileSync(grpcMessage, GRPC_MESSAGE);
  const websocket = compile('websocket', folder);
  return { core: LOAD_CORE, websocket, grpcMessage, tlsConfig: writeClientConfig(folder) };
}

function makeFolder(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  return folder;
}

function describeCost(turns: readonly EngineTurn[]): string {
  const requests = turns.reduce((total, turn) => total + turn.requests, 0);
  return requests === 0
    ? '-'
    : (turns.reduce((total, turn) => total + turn.cpuNs, 0) / 1e3 / requests).toFixed(2);
}
