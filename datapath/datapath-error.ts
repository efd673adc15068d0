// What stops the datapath and is not the kernel's word: names the thing and the mend.

export class DatapathError extends Error {
  override readonly name: string = 'DatapathError';
  readonly mend: string;

  constructor(problem: string, mend: string, cause?: unknown) {
    super(`${problem}. Mend: ${mend}`, cause === undefined ? undefined : { cause });
    this.mend = mend;
  }
}

/** The state directory belongs to another process that lives. */
export class StateInUse extends DatapathError {
  override readonly name: string = 'StateInUse';
}
