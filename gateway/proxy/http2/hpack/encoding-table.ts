// The dynamic table of the side that encodes. Entries are found by the bytes of their line as it stands in an HTTP/1.1 head,
// letter case and spaces included: the same writers and backends write the same lines, so looking a line up is comparing it,
// usually with the one that followed the line before it the last time, and it need not be taken apart.
//
// Lines that entered the table one after the other stand together there. When they came together the last time too, they are
// compared as one: a call into native code costs as much as comparing a hundred bytes here, whatever it compares.
//
// A line is put into the table when it comes the second time within a while: most lines come always or once, and those that
// come once would only push the others out.
import { DynamicTable, LINE_LENGTH, NOTE, SECOND_NOTE, THIRD_NOTE } from './dynamic-table.ts';
import { STATIC_COUNT } from './static-table.ts';

/** What a line stands for: the same bytes may not mean the same field. */
export type Form = typeof FIELD_LINE | typeof PATH_LINE | typeof HOST_LINE;
export const FIELD_LINE = 0;
/** From the target on, "/path HTTP/1.1 CR LF": `:path`. */
export const PATH_LINE = 1;
/** "host: name CR LF" of a request: `:authority`. */
export const HOST_LINE = 2;

const FORM = NOTE;
/** Number of the entry before it with the same hash. */
const OLDER = SECOND_NOTE;
/** Number of the entry whose line followed the last time. */
const AFTER = THIRD_NOTE;
const BUCKETS = 64;
/** Lines that are new are remembered until so many others have come. */
const SEEN = 64;
/** Entries looked at before a line counts as new: whoever makes hashes collide gains nothing. */
const MOST_STEPS = 8;
const NONE = -1;
const LF = 10;
/** Fewer lines are not worth comparing as one. */
const LEAST_RUN = 4;

export class EncodingTable extends DynamicTable {
  /** Length of what `expected` or `expectedRun` found. */
  found = 0;
  /** Index of the first line that `expectedRun` found. */
  index = 0;
  /** Newest entry by hash. */
  #buckets: Int32Array | null = null;
  /** Hashes of the last lines that came and were not put into the table. */
  #seen: Int32Array | null = null;
  #nextSeen = 0;
  #hash = 0;
  #last = NONE;
  #guess = NONE;
  /** Lines that came together: number of the first, how many, and the length of all. */
  #runFirst = NONE;
  #runCount = 0;
  #runLength = 0;
  /** The same of the head at hand, as far as it is known. */
  #newFirst = NONE;
  #newCount = 0;
  #newLength = 0;
  #newOpen = false;

  /** Index of the line that followed the last one the last time, when it is the one at `start`; otherwise 0. */
  expected(text: Buffer, start: number, end: number, form: Form): number {
    const number = this.#guess;
    if (!this.has(number)) return 0;
    const place = this.place(number);
    const { notes, lines } = this;
    const length = notes[place + LINE_LENGTH]!;
    if (notes[place + FORM] !== form || start + length > end) return 0;
    let from = this.lineStart(place);
    for (const stop = from + length; from < stop;) if (lines[from++] !== text[start++]) return 0;
    this.found = length;
    this.#last = number;
    this.#guess = notes[place + AFTER]!;
    if (this.#newOpen) this.#extendRun(number, length);
    return STATIC_COUNT + ((this.added - number) | 0);
  }

  /**
   * How many lines that came together the last time start at `start`, 0 when they do not: `index` is that of the first, each of
   * the others is one less. Begins to note which lines come together now.
   */
  expectedRun(text: Buffer, start: number, end: number): number {
    this.#newCount = 0;
    this.#newOpen = true;
    const first = this.#runFirst;
    if (this.#runCount === 0 || this.#guess !== first || !this.has(first)) return 0;
    const length = this.#runLength;
    const from = this.lineStart(this.place(first));
    // The byte before last tells most of the others without a call.
    if (start + length > end || text[start + length - 1] !== LF) return 0;
    if (text[start + length - 3] !== this.lines[from + length - 3]) return 0;
    if (text.compare(this.lines, from, from + length, start, start + length) !== 0) return 0;
    const last = (first + this.#runCount - 1) | 0;
    this.found = length;
    this.index = STATIC_COUNT + ((this.added - first) | 0);
    this.#last = last;
    this.#guess = this.notes[this.place(last) + AFTER]!;
    this.#newOpen = false;
    return this.#runCount;
  }

  /** The lines of a head have come: those that came together are expected again. */
  endRun(): void {
    this.#newOpen = false;
    if (this.#newCount < LEAST_RUN) return;
    this.#runFirst = this.#newFirst;
    this.#runCount = this.#newCount;
    this.#runLength = this.#newLength;
  }

  /** A line comes that is not in the table as expected: what follows it does not come together with what was before. */
  breakRun(): void {
    this.#newOpen &&= this.#newCount === 0;
  }

  #extendRun(number: number, length: number): void {
    if (this.#newCount === 0) {
      this.#newFirst = number;
      this.#newLength = 0;
    } else if (number !== ((this.#newFirst + this.#newCount) | 0)) {
      this.#newOpen = false;
      return;
    }
    this.#newCount++;
    this.#newLength += length;
  }

  /** Index of the entry for a line, or 0. */
  find(text: Buffer, start: number, end: number, form: Form): number {
    const hash = hashOf(text, start, end);
    this.#hash = hash;
    if (this.#buckets === null) return 0;
    let number = this.#buckets[hash & (BUCKETS - 1)]!;
    for (let step = 0; step < MOST_STEPS && this.has(number); step++) {
      const place = this.place(number);
      if (
        this.notes[place + FORM] === form &&
        this.notes[place + LINE_LENGTH] === end - start &&
        this.#holds(place, text, start, end)
      ) {
        this.#follow(number);
        return STATIC_COUNT + ((this.added - number) | 0);
      }
      number = this.notes[place + OLDER]!;
    }
    return 0;
  }

  /** Adds the line that `find` did not find, if it has come before: the field is then to be sent with indexing. */
  learn(text: Buffer, start: number, end: number, form: Form, size: number): boolean {
    const hash = this.#hash;
    if (size > this.maxSize >>> 1 || end - start > size) return false;
    this.#seen ??= new Int32Array(SEEN);
    if (!this.#seen.includes(hash)) {
      this.#seen[this.#nextSeen] = hash;
      this.#nextSeen = (this.#nextSeen + 1) & (SEEN - 1);
      return false;
    }
    this.#buckets ??= new Int32Array(BUCKETS).fill(NONE);
    const number = this.added;
    const place = this.add(text, start, end, size);
    this.notes[place + FORM] = form;
    this.notes[place + OLDER] = this.#buckets[hash & (BUCKETS - 1)]!;
    this.notes[place + AFTER] = (number + 1) | 0;
    this.#buckets[hash & (BUCKETS - 1)] = number;
    this.#follow(number);
    return true;
  }

  #holds(place: number, text: Buffer, start: number, end: number): boolean {
    const { lines } = this;
    let from = this.lineStart(place);
    while (start < end) if (lines[from++] !== text[start++]) return false;
    return true;
  }

  #follow(number: number): void {
    if (this.has(this.#last)) this.notes[this.place(this.#last) + AFTER] = number;
    this.#last = number;
    this.#guess = this.notes[this.place(number) + AFTER]!;
  }
}

function hashOf(text: Buffer, start: number, end: number): number {
  let hash = 0;
  while (start < end) hash = (Math.imul(hash, 31) + text[start++]!) | 0;
  // Zero stands for none.
  return hash === 0 ? 1 : hash;
}
