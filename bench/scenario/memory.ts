// What Sluice keeps in memory: for idle connections, WebSockets and routes; and what a lookup costs among many routes. Sluice on
// core 0; the load and the origin on core 1.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../load/compile.ts';
import { awaitPort } from '../machine/await-port.ts';
import { withFiles } from '../machine/descriptors.ts';
import { installCommands } from '../machine/install.ts';
import { findFreePort } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { chooseScenarios } from '../options.ts';
import { sluice } from '../proxy/sluice.ts';
import { LOAD_CORE, type MemoryBench } from './memory-bench.ts';
import { IDLE_CONNECTIONS, MEMORY_SCENARIOS, type MemoryScenario } from './memory-goal.ts';
import { measureHeld } from './memory-held.ts';
import { measureLookup, measureRoutes } from './memory-routes.ts';
import { summarizeMemory, type MemoryMeasures } from './memory-summary.ts';
import type { ScenarioContext, ScenarioResult } from './scenario.ts';

/** Throws when Sluice does not come up, or does not route as agreed. */
export async function runMemory(context: ScenarioContext): Promise<ScenarioResult> {
  if (context.peers !== undefined) throw new Error('--peers: memory measures Sluice alone');
  const scenarios = chooseScenarios(MEMORY_SCENARIOS, context.scenarios);
  installCommands(
    [
      { command: 'taskset', package: 'util-linux' },
      { command: 'prlimit', package: 'util-linux' },
      { command: 'wrk', package: 'wrk' },
      { command: 'cc', package: 'gcc libc6-dev' },
    ],
    context.say,
  );
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const bench: MemoryBench = { context, folder, originPort: await startOrigin(stack, folder) };
  const wants = (scenario: MemoryScenario): boolean => scenarios.includes(scenario);
  const measures: MemoryMeasures = {
    ...(wants('idle-http1') ? { 'idle-http1': await measureHeld(bench, 'http', context.rounds) } : {}),
    ...(wants('idle-websocket') ? { 'idle-websocket': await measureHeld(bench, 'websocket', 1) } : {}),
    ...(wants('idle-websocket-h2')
      ? { 'idle-websocket-h2': await measureHeld(bench, 'extended-connect', 1) }
      : {}),
    ...(wants('routes') ? { routes: await measureRoutes(bench) } : {}),
    ...(wants('lookup') ? { lookup: await measureLookup(bench) } : {}),
  };
  const setting = { rounds: context.rounds, seconds: context.duration };
  return summarizeMemory(measures, { sluice: sluice.version() }, setting);
}

async function startOrigin(stack: AsyncDisposableStack, folder: string): Promise<number> {
  const port = await findFreePort();
  const command = withFiles(IDLE_CONNECTIONS, [compile('web-origin', folder), String(port)]);
  const program = new Program('web-origin', command, { core: LOAD_CORE });
  stack.defer(() => program.stop());
  await awaitPort(program, port);
  return port;
}
