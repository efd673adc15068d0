// Copies lines to a head that is being written, those that stand together as one: a call into native code costs as much as
// copying some twenty bytes here, whatever it copies. One per worker is used over and over.
import { copyBytes } from '../../http1/copy.ts';
import type { BlockReader } from './block-reader.ts';

const NO_BYTES: Buffer = Buffer.alloc(0);

export class LineRun {
  #from: Buffer = NO_BYTES;
  #start = 0;
  #end = 0;
  #to: Buffer = NO_BYTES;
  #at = 0;

  /** What follows is written at `at` of `to`. */
  open(to: Buffer, at: number): void {
    this.#from = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
    this.#to = to;
    this.#at = at;
  }

  /** The line of the field that was just read comes next. */
  add(field: BlockReader): void {
    if (field.start !== this.#end || field.bytes !== this.#from) {
      this.close();
      this.#from = field.bytes;
      this.#start = field.start;
    }
    this.#end = field.end;
  }

  /** Copies what is still to be copied. The index after it. */
  close(): number {
    this.#at = copyBytes(this.#from, this.#start, this.#end, this.#to, this.#at);
    this.#start = this.#end;
    return this.#at;
  }
}
