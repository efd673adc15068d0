// Runs one target for a time or a number of inputs. An input that breaks a property ends the run and is told whole, with how to
// run it again.
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** One input may take this much CPU time at most: beyond it something grows faster than it should. */
const LONGEST_INPUT_MS = 1000;
const BETWEEN_REPORTS_MS = 5000;
const CHECK_CLOCK_EVERY = 64;
/** Inputs that later ones are made of. */
const MOST_KNOWN = 512;

export interface Budget {
  readonly seed: number;
  /** Whichever is reached first. */
  readonly executions?: number;
  readonly milliseconds?: number;
}

export interface Outcome {
  readonly target: string;
  readonly executions: number;
  readonly milliseconds: number;
  readonly failure: { readonly input: Buffer; readonly reason: string } | undefined;
}

export async function runCampaign(
  target: FuzzTarget,
  { seed, executions = Infinity, milliseconds = Infinity }: Budget,
  say: (text: string) => void = () => {},
): Promise<Outcome> {
  const random = new Random(seed);
  const known = [...target.seeds];
  const begin = performance.now();
  let next = begin + BETWEEN_REPORTS_MS;
  let done = 0;
  const outcome = (failure: Outcome['failure']): Outcome => ({
    target: target.name,
    executions: done,
    milliseconds: performance.now() - begin,
    failure,
  });
  while (done < executions) {
    const input = done < target.seeds.length ? target.seeds[done]! : mutate(target, known, random);
    const reason = await tryInput(target, input, random);
    done++;
    if (reason !== undefined) return outcome({ input, reason });
    if (random.below(32) === 0) keep(known, input, target.seeds.length, random);
    if (done % CHECK_CLOCK_EVERY !== 0) continue;
    const now = performance.now();
    if (now - begin >= milliseconds) break;
    if (now >= next) {
      next = now + BETWEEN_REPORTS_MS;
      say(`${target.name}: ${done} inputs, ${Math.round(done / ((now - begin) / 1000))} a second`);
      // Timers and signals get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return outcome(undefined);
}

async function tryInput(target: FuzzTarget, input: Buffer, random: Random): Promise<string | undefined> {
  const before = process.threadCpuUsage();
  try {
    const result = target.run(Buffer.from(input), random);
    if (result !== undefined) await result;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.threadCpuUsage(before);
  const took = (user + system) / 1000;
  return took > LONGEST_INPUT_MS ? `took ${Math.round(took)} ms` : undefined;
}

/** The seeds stay; the rest is replaced by and by. */
function keep(known: Buffer[], input: Buffer, seeds: number, random: Random): void {
  if (known.length < seeds + MOST_KNOWN) known.push(input);
  else known[seeds + random.below(MOST_KNOWN)] = input;
}
