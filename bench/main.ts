// `npm run bench`: see options.ts for the flags.
import { BENCH_HELP, parseBenchOptions, type BenchOptions } from './options.ts';
import { runConnect } from './scenario/connect.ts';
import { runEngine } from './scenario/engine.ts';
import { runHttp1 } from './scenario/http1.ts';
import { runMemory } from './scenario/memory.ts';
import type { ScenarioContext } from './scenario/scenario.ts';

const SCENARIOS = { http1: runHttp1, connect: runConnect, engine: runEngine, memory: runMemory } as const;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  let options: BenchOptions | undefined;
  try {
    options = parseBenchOptions(process.argv.slice(2));
  } catch (error) {
    say(`${describe(error)}\n\n${BENCH_HELP}`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(BENCH_HELP);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const context: ScenarioContext = { ...options, stop: stop.signal, say };
  try {
    const { table, json, faults, notes } = await SCENARIOS[options.scenario](context);
    process.stdout.write(`${table}\n`);
    for (const note of notes) say(note);
    for (const fault of faults) say(`these figures do not count: ${fault}`);
    process.stdout.write(`${JSON.stringify(json)}\n`);
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    say(stop.signal.aborted ? 'stopped by a signal' : `npm run bench: ${describe(error)}`);
    return 1;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();
