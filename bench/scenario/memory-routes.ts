// Memory of many routes, and what a lookup among them costs beside one among few.
import { join } from 'node:path';
import { runWrk, type WrkReport } from '../load/wrk.ts';
import { ROOT } from '../machine/checkout.ts';
import { readMemory } from '../machine/memory.ts';
import type { Program } from '../machine/program.ts';
import { readUsage } from '../machine/session.ts';
import { pathOfRoute } from '../proxy/sluice-routes.ts';
import { joinTurns, type Sample, type Turn } from './http1-sample.ts';
import { LOAD_CORE, serve, settle, type MemoryBench } from './memory-bench.ts';
import { FEW_ROUTES, MANY_ROUTES, ROUTES } from './memory-goal.ts';
import type { LookupMeasure, RoutesMeasure } from './memory-summary.ts';

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 2;
const TURN_SECONDS = 1;
const BODY_BYTES = 1024;
const SCRIPT = join(ROOT, 'bench/load/wrk-routes.lua');

export async function measureRoutes(bench: MemoryBench): Promise<RoutesMeasure> {
  const bare = await (async () => {
    await using stack = new AsyncDisposableStack();
    const { program } = await serve(stack, bench, { routes: 0 });
    await settle();
    return readMemory(program.pid);
  })();
  await using stack = new AsyncDisposableStack();
  const { program, port } = await serve(stack, bench, { routes: ROUTES });
  await settle();
  const ready = readMemory(program.pid);
  let [good, bad] = [0, 0];
  for (let route = 0; route < ROUTES; route += 1) {
    const { status, bytes } = await ask(port, pathOfRoute(route));
    if (status === 200 && bytes === BODY_BYTES) good += 1;
    else bad += 1;
  }
  await settle();
  const answered = { good, bad, error: bad === 0 ? '' : 'not 200, or not 1 KB' };
  return { routes: ROUTES, bare, ready, used: readMemory(program.pid), answered };
}

export async function measureLookup(bench: MemoryBench): Promise<LookupMeasure> {
  const { context } = bench;
  await using stack = new AsyncDisposableStack();
  const sides = [];
  for (const routes of [FEW_ROUTES, MANY_ROUTES]) {
    const served = await serve(stack, bench, { routes });
    await proveRoutes(served.port, routes);
    await loadRoutes(served.port, routes, WARM_UP_SECONDS, context.stop);
    sides.push({ ...served, routes, rounds: [] as Sample[] });
  }
  for (let number = 1; number <= context.rounds; number += 1) {
    const turns = sides.map(() => [] as Turn[]);
    for (let second = 0; second < context.duration; second += TURN_SECONDS)
      for (const [index, { program, port, routes }] of sides.entries())
        turns[index]!.push(
          await takeTurn(program, () => loadRoutes(port, routes, TURN_SECONDS, context.stop)),
        );
    for (const [index, { routes, rounds }] of sides.entries()) {
      const sample = joinTurns(turns[index]!);
      rounds.push(sample);
      context.say(
        `round ${number}, ${routes} routes: ${sample.cpuUs.toFixed(2)} us of CPU, p99 ${sample.p99us} us`,
      );
    }
  }
  const [few, many] = sides;
  return { few: few!, many: many! };
}

/** That the last route is there, and nothing else answers for one that is not. */
async function proveRoutes(port: number, routes: number): Promise<void> {
  for (const [route, wanted] of [
    [routes - 1, 200],
    [routes, 404],
  ] as const) {
    const { status } = await ask(port, pathOfRoute(route));
    if (status !== wanted)
      throw new Error(`route ${route} of ${routes} was answered ${status}, not ${wanted}`);
  }
}

async function ask(port: number, path: string): Promise<{ readonly status: number; readonly bytes: number }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
}

function loadRoutes(port: number, routes: number, seconds: number, stop: AbortSignal): Promise<WrkReport> {
  const url = `http://127.0.0.1:${port}/`;
  const script = [SCRIPT, String(routes)];
  return runWrk({ url, connections: CONNECTIONS, seconds, core: LOAD_CORE, script }, stop);
}

async function takeTurn(program: Program, load: () => Promise<WrkReport>): Promise<Turn> {
  const before = readUsage(program.pid);
  const { requests, seconds, p50us, p99us, errors } = await load();
  const { cpuNs, rssBytes } = readUsage(program.pid);
  return { cpuNs: cpuNs - before.cpuNs, requests, seconds, p50us, p99us, rssBytes, errors };
}
