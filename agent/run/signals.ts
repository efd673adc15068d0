// What a running `sluice run` is told from outside: to stop, or to open its access log anew.
//
//   SIGTERM, SIGINT, end of the IPC channel   stop; a second signal: do not wait for what is in flight; a third: the process ends
//   SIGHUP                                    the access log was renamed; or, when the terminal hung up, stop
import { closeSync, openSync } from 'node:fs';

/** Ctrl-C below npm comes twice, from the terminal and from npm: what comes within this time is one request (ms). */
const ECHO_MS = 500;

export class Signals {
  /** Resolves with the reason to stop. */
  readonly stop: Promise<string>;
  /** Resolves with the second signal. */
  readonly hurry: Promise<string>;
  readonly #hadTerminal = hasTerminal();
  #reopen: (() => void) | undefined;
  #early = false;

  /** Listens from here on: from the first thing on that must not stay behind. */
  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.stop = promise;
    this.hurry = listen(resolve);
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

/** Calls `stop` for the first SIGTERM or SIGINT and resolves with the second; the third finds the default action in place. */
function listen(stop: (signal: string) => void): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let first: number | undefined;
  const onSignal = (signal: string): void => {
    if (first === undefined) {
      first = performance.now();
      stop(signal);
    } else if (performance.now() - first > ECHO_MS) {
      resolve(signal);
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    }
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  return promise;
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
