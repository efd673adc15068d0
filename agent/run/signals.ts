// What a running `sluice run` is told from outside: to stop, or to open its access log anew.
//
//   SIGTERM, SIGINT, end of the IPC channel   stop; a second signal ends the process at once
//   SIGHUP                                    the access log was renamed; or, when the terminal hung up, stop
import { closeSync, openSync } from 'node:fs';

export class Signals {
  /** Resolves with the reason to stop. */
  readonly stop: Promise<string>;
  readonly #hadTerminal = hasTerminal();
  #reopen: (() => void) | undefined;
  #early = false;

  /** Listens from here on: from the first thing on that must not stay behind. */
  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.stop = promise;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.on('SIGHUP', () => {
      if (this.#hadTerminal && !hasTerminal()) resolve('SIGHUP');
      else if (this.#reopen === undefined) this.#early = true;
      else this.#reopen();
    });
    if (process.channel !== undefined && process.channel !== null) {
      process.channel.unref();
      process.once('disconnect', () => resolve('parent ended'));
    }
  }

  /** `reopen` is called for every SIGHUP, also for one that came before. */
  onReopen(reopen: () => void): void {
    this.#reopen = reopen;
    if (this.#early) reopen();
  }
}

/** Whether this process has a controlling terminal; no longer once its window was closed or its connection broke. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
