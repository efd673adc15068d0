// What the fuzzer throws bytes at: one parser, and what must hold for every input.
import type { Random } from './random.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Inputs to start from. */
  readonly seeds: readonly Buffer[];
  /** Pieces that are worth inserting. */
  readonly tokens: readonly string[];
  /** Throws when a property does not hold. */
  run(input: Buffer, random: Random): void | Promise<void>;
}

/** Throws with `what` unless `holds`. */
export function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
