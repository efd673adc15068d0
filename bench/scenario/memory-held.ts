// Memory of connections that are open and idle, and whether they are served afterwards.
import { Holder, type HeldKind, type HeldReport } from '../load/holder.ts';
import { runWrk } from '../load/wrk.ts';
import { allowConnections } from '../machine/descriptors.ts';
import { readMemory } from '../machine/memory.ts';
import { LOAD_CORE, serve, settle, type MemoryBench } from './memory-bench.ts';
import { IDLE_CONNECTIONS } from './memory-goal.ts';
import type { HeldMeasure } from './memory-summary.ts';

/**
 * `sides`: connections of the proxy for each. `earlier`: opened before the first reading, since the first of them find room in
 * the heap that the warm-up has left; they would flatter the figure. `pooled`: to the origin, while requests are made.
 */
const HOLDING = {
  http: { sides: 1, earlier: IDLE_CONNECTIONS / 2, between: IDLE_CONNECTIONS, pooled: 512 },
  websocket: { sides: 2, earlier: IDLE_CONNECTIONS / 10, between: 0.9 * IDLE_CONNECTIONS, pooled: 0 },
  'extended-connect': {
    sides: 1,
    earlier: IDLE_CONNECTIONS / 10,
    between: 0.9 * IDLE_CONNECTIONS,
    pooled: 512,
  },
} as const;
/** Long enough for a JavaScript engine to have compiled what is hot, and for its heap to have the size that it has in use. */
const WARM_UP_SECONDS = 3;
const WARM_UP_CONNECTIONS = 64;

/** In `rounds` processes, one after the other: when a heap is swept differs from one to the next. */
export async function measureHeld(
  bench: MemoryBench,
  kind: HeldKind,
  rounds: number,
): Promise<HeldMeasure[]> {
  const measures: HeldMeasure[] = [];
  while (measures.length < rounds) measures.push(await measureOnce(bench, kind));
  return measures;
}

async function measureOnce(bench: MemoryBench, kind: HeldKind): Promise<HeldMeasure> {
  const { say, stop } = bench.context;
  await using stack = new AsyncDisposableStack();
  const { sides, earlier: few, between: many, pooled } = HOLDING[kind];
  const room = allowConnections(sides * (few + many) + pooled);
  const between = Math.floor((room - pooled) / sides) - few;
  // No flags but those that allow as many, for as long.
  const flags = ['--max-connections', String(room), '--max-clients', String(room), '--idle-timeout', '10m'];
  const setting = { routes: 0, catchAll: true, flags, connections: room };
  const { program, port } = await serve(stack, bench, setting);
  const url = `http://127.0.0.1:${port}/1k`;
  await runWrk({ url, connections: WARM_UP_CONNECTIONS, seconds: WARM_UP_SECONDS, core: LOAD_CORE }, stop);
  const hold = async (connections: number): Promise<[Holder, HeldReport]> => {
    const [holder, report] = await Holder.open({ kind, port, connections, core: LOAD_CORE });
    stack.use(holder);
    await settle();
    return [holder, report];
  };
  const [earlier, first] = await hold(few);
  const before = readMemory(program.pid);
  const [later, second] = await hold(between);
  const after = readMemory(program.pid);
  const answered = addReports(await earlier.exchange(), await later.exchange());
  const each = ((after.privateBytes - before.privateBytes) / between).toFixed(0);
  say(`${kind}: ${answered.good} connections held, ${each} bytes each`);
  return { wanted: few + many, between, before, after, opened: addReports(first, second), answered };
}

function addReports(one: HeldReport, other: HeldReport): HeldReport {
  return {
    good: one.good + other.good,
    bad: one.bad + other.bad,
    error: other.error === '' ? one.error : other.error,
  };
}
