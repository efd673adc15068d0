// Findings of a running process: each is told when it appears, once, however often the configuration is read again.
import { formatFinding, type Finding } from '#resources/finding';
import type { Report } from './run-event.ts';

export class FindingLog {
  readonly #report: Report;
  readonly #parts = new Map<string, readonly Finding[]>();
  #told = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  get all(): readonly Finding[] {
    return [...this.#parts.values()].flat();
  }

  /** Replaces what `part` of the program finds wrong. */
  set(part: 'configuration' | 'kernel' | 'ports' | 'change', findings: readonly Finding[]): void {
    this.#parts.set(part, findings);
    const now = new Map(this.all.map((finding) => [formatFinding(finding), finding]));
    for (const [text, finding] of now) if (!this.#told.has(text)) this.#report({ event: 'finding', finding });
    this.#told = new Set(now.keys());
  }
}
