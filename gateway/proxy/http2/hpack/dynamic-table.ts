// The dynamic table of one direction of a connection (RFC 7541 section 2.3.2), for decoding and for encoding: lines one after
// the other in one buffer, and numbers about each in a ring. Entries are numbered as they come, so the oldest leaves first
// without anything being moved.
//
//   lines   ....|line 7|line 8|line 9|......      the buffer is replaced when its end is reached, never changed: what was
//                ^ oldest             ^ next      found in it stays valid while a block is read
//
// Nothing is allocated before the first entry, and room is doubled as it is needed.

/** Numbers about an entry; its place in the ring is what `place` and `add` return. */
const LINE_START = 0;
export const LINE_LENGTH = 1;
const ENTRY_SIZE = 2;
/** Three numbers of the user's own. */
export const NOTE = 3;
export const SECOND_NOTE = 4;
export const THIRD_NOTE = 5;
const WIDTH = 6;

/** Size of an entry beyond its name and value (RFC 7541 section 4.1). */
export const ENTRY_OVERHEAD = 32;
const FIRST_ENTRIES = 16;
const FIRST_BYTES = 512;
const NO_BYTES: Buffer = Buffer.alloc(0);
const NO_NOTES: Int32Array = new Int32Array(0);

export class DynamicTable {
  lines: Buffer = NO_BYTES;
  notes: Int32Array = NO_NOTES;
  maxSize: number;
  /** Sum of the sizes of the entries. */
  size = 0;
  count = 0;
  /** Entries added so far: the number of the next one. Numbers wrap at 2^31, as positions do. */
  added = 0;
  /** Position of the first byte of `lines`, of all the bytes that ever were in it. */
  base = 0;
  #head = 0;
  #tail = 0;
  #mask = 0;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  /** Is the entry of this number still there? */
  has(number: number): boolean {
    const age = (this.added - number) | 0;
    return age > 0 && age <= this.count;
  }

  /** Where the numbers of an entry stand in `notes`. */
  place(number: number): number {
    return (number & this.#mask) * WIDTH;
  }

  /** Index of the first byte of an entry's line in `lines`. */
  lineStart(place: number): number {
    return (this.notes[place + LINE_START]! - this.base) | 0;
  }

  /**
   * Adds a line of `size` as RFC 7541 counts it. Returns its place, or -1 when it is larger than the table, which is then
   * empty (section 4.4). Its bytes may come from the table itself.
   */
  add(from: Buffer, start: number, end: number, size: number): number {
    this.#evict(this.maxSize - size);
    if (size > this.maxSize) return -1;
    const length = end - start;
    if (this.#tail + length > this.lines.length) this.#makeRoom(length);
    if (this.count === this.notes.length / WIDTH) this.#addPlaces();
    from.copy(this.lines, this.#tail, start, end);
    const place = this.place(this.added);
    this.notes[place + LINE_START] = (this.base + this.#tail) | 0;
    this.notes[place + LINE_LENGTH] = length;
    this.notes[place + ENTRY_SIZE] = size;
    this.#tail += length;
    this.size += size;
    this.count++;
    this.added = (this.added + 1) | 0;
    return place;
  }

  resize(maxSize: number): void {
    this.maxSize = maxSize;
    this.#evict(maxSize);
    // A peer that wants no table any more shall not cost the memory of one.
    if (maxSize !== 0) return;
    this.lines = NO_BYTES;
    this.base = (this.base + this.#tail) | 0;
    this.#head = 0;
    this.#tail = 0;
  }

  #evict(maxSize: number): void {
    while (this.count > 0 && this.size > maxSize) {
      const place = this.place((this.added - this.count) | 0);
      this.size -= this.notes[place + ENTRY_SIZE]!;
      this.#head += this.notes[place + LINE_LENGTH]!;
      this.count--;
    }
  }

  /** Lines that are gone are left behind; half of the buffer is then free, so that this happens rarely. */
  #makeRoom(length: number): void {
    const live = this.#tail - this.#head;
    let capacity = Math.max(FIRST_BYTES, this.lines.length);
    while (live + length > (this.#head === 0 ? capacity : capacity >>> 1)) capacity *= 2;
    const lines = Buffer.allocUnsafeSlow(capacity);
    this.lines.copy(lines, 0, this.#head, this.#tail);
    this.lines = lines;
    this.base = (this.base + this.#head) | 0;
    this.#head = 0;
    this.#tail = live;
  }

  #addPlaces(): void {
    const old = this.notes;
    const places = Math.max(FIRST_ENTRIES, (old.length / WIDTH) * 2);
    const notes = new Int32Array(places * WIDTH);
    for (let age = this.count; age > 0; age--) {
      const number = (this.added - age) | 0;
      const from = this.place(number);
      notes.set(old.subarray(from, from + WIDTH), (number & (places - 1)) * WIDTH);
    }
    this.notes = notes;
    this.#mask = places - 1;
  }
}
