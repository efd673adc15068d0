// Picks a backend by weight: the next position of the rule's counter, looked up in its schedule. No randomness, no locks.
import type { Schedule } from './schedule.ts';
import type { WeightCell } from './weight-counters.ts';

/** Counters go back to a small number of the same phase long before 2^31. */
const WRAP = 2 ** 30;

/** Index of the backend that takes the next request; the counter moves by one. */
export function pickByWeight(schedule: Schedule, { cells, index }: WeightCell): number {
  const position = Atomics.add(cells, index, 1);
  if (position >= WRAP) wrap(cells, index, position + 1, schedule.period);
  return schedule.at(position);
}

/** Fails when another worker came first; the next request tries again. The phase is kept, so no share is disturbed. */
function wrap(cells: Int32Array, index: number, seen: number, period: number): void {
  Atomics.compareExchange(cells, index, seen, seen % period);
}
