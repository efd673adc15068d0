// What the proxy does when the machine runs short, before the kernel does worse: from 92 % of memory or descriptors on clients are
// asked to come anew (`Connection: close`, GOAWAY), which lets connections go; from 95 % on new ones are told 503.
// The main thread measures, the workers read one number.

/** All is well. */
export const CALM = 0;
/** Connections end with their next answer. */
export const SHEDDING = 1;
/** New connections are turned away as well. */
export const REFUSING = 2;
export type OverloadLevel = typeof CALM | typeof SHEDDING | typeof REFUSING;

const SHED_AT = 0.92;
const REFUSE_AT = 0.95;
/** A level is left only this far below where it was entered, or it would come and go with every connection. */
const RELIEF = 0.02;

/** Shares in use, 0 to 1 and beyond; 0 where there is no limit. */
export interface Pressure {
  readonly memory: number;
  readonly descriptors: number;
}

/** One number in shared memory: one writer, many readers. */
export class Overload {
  readonly memory: SharedArrayBuffer;
  readonly #level: Int32Array;

  static create(): Overload {
    return new Overload(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  }

  static attach(memory: SharedArrayBuffer): Overload {
    return new Overload(memory);
  }

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#level = new Int32Array(memory);
  }

  get level(): OverloadLevel {
    return this.#level[0] as OverloadLevel;
  }

  /** Returns whether the level has changed. */
  update({ memory, descriptors }: Pressure): boolean {
    const before = this.level;
    const share = Math.max(memory, descriptors);
    const bound = (at: number, level: OverloadLevel): number => (before >= level ? at - RELIEF : at);
    this.#level[0] =
      share >= bound(REFUSE_AT, REFUSING) ? REFUSING : share >= bound(SHED_AT, SHEDDING) ? SHEDDING : CALM;
    return this.level !== before;
  }
}
