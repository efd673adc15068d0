// Where Resources come from. A source hands out the whole state, never a difference; objects keep their identity.
import type { Finding } from '../finding.ts';
import type { Resources } from '../store/resources.ts';

export interface SourceResult {
  /** What is served: of a file with errors its last good content. */
  readonly resources: Resources;
  /** In the order of files and lines. */
  readonly findings: readonly Finding[];
}

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}
