// Time of connect() to a Service among 10,000, beside a direct one: Sluice, nftables and iptables take turns, each in a network
// namespace of its own. The client on core 0, the backend on core 1.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Balancer, ServiceEntry, Target } from '../balancer/balancer.ts';
import { direct } from '../balancer/direct.ts';
import { iptables, RULES_BEFORE } from '../balancer/iptables.ts';
import { nftables } from '../balancer/nftables.ts';
import { sluice } from '../balancer/sluice.ts';
import { compile } from '../load/compile.ts';
import { callConnect, type ConnectReport } from '../load/connect.ts';
import { Cgroup } from '../machine/cgroup.ts';
import { installCommands } from '../machine/install.ts';
import { NetworkNamespace } from '../machine/network-namespace.ts';
import { Program } from '../machine/program.ts';
import { choosePeers } from '../options.ts';
import { summarizeConnect } from './connect-summary.ts';
import type { ScenarioContext, ScenarioResult } from './scenario.ts';

const BALANCERS: readonly Balancer[] = [direct, sluice, nftables, iptables];
const CLIENT_CORE = 0;
const BACKEND_CORE = 1;
const SERVICES = 10_000;
const BACKEND: Target = { address: '10.10.0.1', port: 21_101 };
const LOADED: ServiceEntry = { service: { address: '10.96.0.1', port: 80 }, backend: BACKEND };

interface Runner {
  readonly balancer: Balancer;
  /** Runs the load program where this one's clients run. */
  readonly command: readonly string[];
  readonly target: Target;
  readonly reports: ConnectReport[];
}

/** Throws when one cannot be set up. */
export async function runConnect(context: ScenarioContext): Promise<ScenarioResult> {
  const balancers = choosePeers(BALANCERS, context.peers);
  if (process.getuid?.() !== 0)
    throw new Error('this makes network namespaces and a cgroup. Mend: run it as root');
  installCommands(
    [
      { command: 'cc', package: 'gcc libc6-dev' },
      { command: 'ip', package: 'iproute2' },
      { command: 'nsenter', package: 'util-linux' },
    ],
    context.say,
  );
  for (const balancer of balancers) balancer.prepare(context.say);

  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const program = compile('connect', folder);
  const services = [...makeServices(SERVICES), LOADED];
  const runners: Runner[] = [];
  for (const balancer of balancers) {
    context.say(`setting up ${balancer.name} (${balancer.version()}) with ${services.length} Services`);
    runners.push(await setUp(stack, balancer, services, folder, program));
  }
  for (let turn = 1; turn <= context.rounds; turn += 1)
    for (const { balancer, command, target, reports } of runners) {
      const report = await callConnect(command, target, context.duration, context.stop);
      reports.push(report);
      context.say(
        `round ${turn} ${balancer.name}: p50 ${report.p50us.toFixed(2)} us, ${report.errors} errors`,
      );
    }
  const versions = Object.fromEntries(balancers.map((balancer) => [balancer.name, balancer.version()]));
  const reports = Object.fromEntries(runners.map((runner) => [runner.balancer.name, runner.reports]));
  return summarizeConnect(reports, versions, {
    services: services.length,
    iptablesRulesBefore: RULES_BEFORE,
    rounds: context.rounds,
    seconds: context.duration,
  });
}

async function setUp(
  stack: AsyncDisposableStack,
  balancer: Balancer,
  services: readonly ServiceEntry[],
  parent: string,
  program: string,
): Promise<Runner> {
  const name = `sluice-bench-${process.pid}-${balancer.name}`;
  const folder = join(parent, balancer.name);
  mkdirSync(folder);
  const namespace = NetworkNamespace.create(name);
  stack.defer(() => namespace.remove());
  namespace.run(['ip', 'address', 'add', `${BACKEND.address}/32`, 'dev', 'lo']);
  // Without a route a connect() to a Service would fail before a rule could change its destination.
  namespace.run(['ip', 'route', 'add', '10.96.0.0/12', 'dev', 'lo', 'src', BACKEND.address]);
  const serve = namespace.command([program, 'serve', String(BACKEND.port)]);
  const backend = new Program(`backend of ${balancer.name}`, serve, { core: BACKEND_CORE });
  stack.defer(() => backend.stop());
  const cgroup = Cgroup.create(name);
  stack.defer(() => cgroup.remove());
  const target = await balancer.setUp(
    { namespace, cgroup, services, folder, core: BACKEND_CORE, stack },
    LOADED,
  );
  const client = ['taskset', '--cpu-list', String(CLIENT_CORE), ...namespace.command([program])];
  return { balancer, command: cgroup.command(client), target, reports: [] };
}

/** Services that are there but not called, at 10.97.0.0 and up. */
function makeServices(count: number): ServiceEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    service: { address: `10.97.${index >> 8}.${index & 255}`, port: 80 },
    backend: BACKEND,
  }));
}
