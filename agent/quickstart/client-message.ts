// What the quick start and its client say to each other by IPC.

export interface ClientPlan {
  /** Origins, used in turn. */
  readonly targets: readonly string[];
  readonly concurrency: number;
  /** 0: until told to stop. */
  readonly requests: number;
  /** Requests per second, 0 for no limit. */
  readonly rate: number;
}

/** What happened since the report before. `reason` is one example of a failure. */
export interface ClientReport {
  requests: number;
  failed: number;
  versions: Record<string, number>;
  latenciesUs: number[];
  reason?: string;
  /** This is the last report. */
  done?: boolean;
}
