// A compiled object that cannot be used: names the file, what is wrong with it, and the mend.

/** Thrown for every malformed, truncated, foreign or unsupported object; nothing has been loaded when it appears. */
export class ObjectError extends Error {
  override readonly name = 'ObjectError';
  readonly file: string;
  readonly problem: string;
  readonly mend: string;

  constructor(file: string, problem: string, mend: string) {
    super(`${file}: ${problem}. Mend: ${mend}`);
    this.file = file;
    this.problem = problem;
    this.mend = mend;
  }
}

/** The mend for bytes that do not hang together: no hand-made advice beats building again. */
export const REBUILD = 'build the object again (clang -g -O2 -target bpf) and copy it whole';
