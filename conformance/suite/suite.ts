// What a suite is to the command. One suite, one file in this folder, listed in suites.ts.
import type { SuiteReport } from '../report.ts';
import type { Target } from '../target/target.ts';

export interface SuiteFlag {
  /** Without the hyphens. */
  readonly name: string;
  /** The word for its value in the help text; undefined: the flag takes none. */
  readonly value?: string;
  readonly help: string;
}

/** By name; undefined where the flag was not given. */
export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

export interface SuiteContext {
  readonly target: Target;
  readonly flags: FlagValues;
  /** Empty, and removed afterwards. */
  readonly folder: string;
  /** Aborted by a signal; a suite that then returns or throws is not reported. It must still end what it started. */
  readonly stop: AbortSignal;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

export interface Suite {
  readonly name: string;
  /** One line for the help text. */
  readonly summary: string;
  readonly flags: readonly SuiteFlag[];
  /** Throws with a mend when it cannot be run at all. */
  run(context: SuiteContext): Promise<SuiteReport>;
}
