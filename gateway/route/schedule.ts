// In which order a rule's backends take its requests, so that shares hold over any 1,000 requests: not dice, a timetable.
//
// The promise: in any 1,000 consecutive requests, every backend gets its share to within one request (|n - 1000*w/W| < 1),
// and exactly its share where that is a whole number. Over the long run shares are exact, or within 1/16,000 in the last case:
//
//   two backends    a closed form without memory: request p is the lighter one's when floor((p+1)*w/W) > floor(p*w/W).
//                   Any stretch of any length is within one request (the sequence is balanced, a Christoffel word).
//   three or more   weights divided by their gcd; if their sum is at most 1,000, one period of them in earliest-deadline
//                   order, kept if every stretch of 1,000 is proven within one request (balance is not always possible).
//   otherwise       blocks of 1,000. In each, backends have floor(1000*w/W) fixed places; the places left over change hands
//                   from block to block so that nobody holds two at once (see fillBlocks), over at most 16 blocks.

/** The stretch over which shares are promised. */
const WINDOW = 1000;
const MAX_BLOCKS = 16;

export class Schedule {
  /** After this many positions the order repeats. */
  readonly period: number;
  readonly #table: Uint8Array | undefined;
  readonly #heavy: number;
  readonly #light: number;
  readonly #lightWeight: number;

  constructor(
    period: number,
    table: Uint8Array | undefined,
    heavy: number,
    light: number,
    lightWeight: number,
  ) {
    this.period = period;
    this.#table = table;
    this.#heavy = heavy;
    this.#light = light;
    this.#lightWeight = lightWeight;
  }

  /** Index of the backend that takes request `position` (a whole number from 0). */
  at(position: number): number {
    const p = position % this.period;
    if (this.#table !== undefined) return this.#table[p] ?? 0;
    const weight = this.#lightWeight;
    const turns = Math.floor(((p + 1) * weight) / this.period) - Math.floor((p * weight) / this.period);
    return turns === 0 ? this.#heavy : this.#light;
  }
}

/** `weights` are whole numbers >= 0, as many as backends (at most 256). Undefined when all are zero. */
export function compileSchedule(weights: readonly number[]): Schedule | undefined {
  const used = weights.map((weight, index) => ({ weight, index })).filter(({ weight }) => weight > 0);
  const [first, second] = used;
  if (first === undefined) return undefined;
  if (second === undefined) return new Schedule(1, undefined, first.index, first.index, 0);
  const divisor = used.reduce((sum, { weight }) => gcd(sum, weight), 0);
  const reduced = used.map(({ weight }) => weight / divisor);
  const total = sum(reduced);
  if (used.length === 2) {
    const [heavy, light] = first.weight >= second.weight ? [first, second] : [second, first];
    return new Schedule(total, undefined, heavy.index, light.index, light.weight / divisor);
  }
  const order = orderPeriod(reduced, total) ?? fillBlocks(reduced, total);
  // A plain loop: Uint8Array.from with a function takes 2 ms for 16,000 places.
  for (let i = 0; i < order.length; i++) order[i] = used[order[i] ?? 0]?.index ?? 0;
  return new Schedule(order.length, order, 0, 0, 0);
}

function orderPeriod(weights: readonly number[], total: number): Uint8Array | undefined {
  if (total > WINDOW) return undefined;
  const order = orderByDeadline(weights, total);
  return holdsInEveryWindow(order, weights, total) ? Uint8Array.from(order) : undefined;
}

/**
 * Places `weights[i]` turns of each i in `total` slots, the one with the earliest deadline first: the j-th turn of i may come
 * once its share has passed j-1 and must come by the time it reaches j. No beginning is then off by a whole request
 * (Steiner and Yeomans, Level schedules for mixed-model, just-in-time processes, 1993).
 */
function orderByDeadline(weights: readonly number[], total: number): number[] {
  const given = weights.map(() => 0);
  const order: number[] = [];
  for (let slot = 1; slot <= total; slot++) {
    let chosen = -1;
    let earliest = Infinity;
    for (const [i, weight] of weights.entries()) {
      const turns = given[i] ?? 0;
      if (turns >= weight || turns * total >= slot * weight) continue;
      const deadline = Math.ceil(((turns + 1) * total) / weight);
      if (deadline < earliest) [chosen, earliest] = [i, deadline];
    }
    given[chosen] = (given[chosen] ?? 0) + 1;
    order.push(chosen);
  }
  return order;
}

/** Whole periods are exact, so only the rest of WINDOW / period can be off: slide a window of that length once around. */
function holdsInEveryWindow(order: readonly number[], weights: readonly number[], total: number): boolean {
  const length = WINDOW % total;
  if (length === 0) return true;
  const counts = weights.map(() => 0);
  for (let i = 0; i < length; i++) counts[order[i] ?? 0] = (counts[order[i] ?? 0] ?? 0) + 1;
  for (let start = 0; start < total; start++) {
    for (const [i, weight] of weights.entries()) {
      if (Math.abs((counts[i] ?? 0) * total - length * weight) >= total) return false;
    }
    const leaving = order[start] ?? 0;
    const entering = order[(start + length) % total] ?? 0;
    counts[leaving] = (counts[leaving] ?? 0) - 1;
    counts[entering] = (counts[entering] ?? 0) + 1;
  }
  return true;
}

/**
 * Every block has the same pattern of 1,000 places: floor(1000*w/W) fixed ones for each backend and some floating ones.
 * Over all blocks, backend i is owed `extras[i]` floating places, fewer than there are blocks (else it gets a fixed one more).
 * Written one after another, the t-th goes to block t mod blocks, float floor(t / blocks): a backend holds the same float in
 * consecutive blocks, and the next float, later in the pattern, only from the block where it left the one before. So a
 * stretch of 1,000 across two blocks, which sees each float once, finds it there at most once.
 */
function fillBlocks(weights: readonly number[], total: number): Uint8Array {
  const floors = weights.map((weight) => Math.floor((WINDOW * weight) / total));
  const blocks = Math.min(MAX_BLOCKS, total / gcd(total, WINDOW));
  const shares = shareExtras(weights, total, blocks, (WINDOW - sum(floors)) * blocks);
  const fixed = floors.map((places, i) => (shares[i] === blocks ? places + 1 : places));
  const owners = shares.flatMap((extras, i) => Array.from({ length: extras % blocks }, () => i));
  const floats = WINDOW - sum(fixed);
  // Floats have the same weight, so the earlier one also stands earlier in the pattern.
  const pattern = orderByDeadline([...fixed, ...Array.from({ length: floats }, () => 1)], WINDOW);
  const places = pattern.map((place) => Math.min(place, weights.length - 1));
  const floating = pattern.flatMap((place, at) => (place < weights.length ? [] : [at]));
  const order = new Uint8Array(WINDOW * blocks);
  for (let block = 0; block < blocks; block++) {
    order.set(places, block * WINDOW);
    for (const [float, at] of floating.entries())
      order[block * WINDOW + at] = owners[float * blocks + block] ?? 0;
  }
  return order;
}

/** Splits `owed` floating places by the fractions of 1000*w/W; who has any fraction gets at least one, so none is never served. */
function shareExtras(weights: readonly number[], total: number, blocks: number, owed: number): number[] {
  const ideal = weights.map((weight) => (blocks * ((WINDOW * weight) % total)) / total);
  const extras = ideal.map((share) => (share === 0 ? 0 : Math.max(1, Math.floor(share))));
  const error = (i: number): number => (extras[i] ?? 0) - (ideal[i] ?? 0);
  for (let rest = owed - sum(extras); rest !== 0; rest -= Math.sign(rest)) {
    let chosen = -1;
    for (let i = 0; i < extras.length; i++) {
      if (ideal[i] === 0 || (rest < 0 && extras[i] === 1) || (rest > 0 && extras[i] === blocks)) continue;
      if (chosen === -1 || (rest > 0 ? error(i) < error(chosen) : error(i) > error(chosen))) chosen = i;
    }
    extras[chosen] = (extras[chosen] ?? 0) + Math.sign(rest);
  }
  return extras;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
