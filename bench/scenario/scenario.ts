// What every scenario gives back, and what it may use.

export interface ScenarioContext {
  readonly rounds: number;
  /** Seconds under load of each, in one round. */
  readonly duration: number;
  readonly peers: readonly string[] | undefined;
  /** Parts of a bench that has several; undefined: all. */
  readonly scenarios: readonly string[] | undefined;
  readonly stop: AbortSignal;
  /** Progress, for people. */
  readonly say: (line: string) => void;
}

export interface ScenarioResult {
  /** For people. */
  readonly table: string;
  /** The last line. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Why the figures do not count; none when they do. */
  readonly faults: readonly string[];
  /** What to know when reading the figures. */
  readonly notes: readonly string[];
}
