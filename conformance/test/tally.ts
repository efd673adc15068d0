// Counts what node:test reports, test by test, so that a skip is never taken for a pass and an empty file never for a success.
import type { EventData } from 'node:test';
import { relative } from 'node:path';

export interface Skip {
  readonly test: string;
  readonly reason: string;
}

type Ended = EventData.TestPass | EventData.TestFail;

export class Tally {
  readonly #root: string;
  readonly skips: Skip[] = [];
  readonly failures: string[] = [];
  passed = 0;

  constructor(root: string) {
    this.#root = root;
  }

  add(data: Ended, ok: boolean): void {
    const suite = data.details.type === 'suite';
    const reason = reasonOfSkip(data);
    if (reason !== undefined) this.skips.push({ test: this.#title(data), reason });
    else if (!ok) this.#fail(data);
    // node:test reports a file that holds no test as one passing test with the file's name.
    else if (data.name === data.file) this.failures.push(`${this.#path(data.file)}: holds no test`);
    else if (!suite) this.passed += 1;
  }

  /** Anything that went wrong outside of a test. */
  fail(line: string): void {
    this.failures.push(line);
  }

  /** Running nothing is no success. */
  get ok(): boolean {
    return this.failures.length === 0 && this.passed > 0;
  }

  lines(): string[] {
    const skips = this.skips.map(({ test, reason }) => `  ${test}: ${reason}`);
    const failures = this.failures.map((failure) => `  ${failure}`);
    return [
      ...(skips.length > 0 ? ['skipped:', ...skips] : []),
      ...(failures.length > 0 ? ['failed:', ...failures] : []),
      ...(this.passed === 0 && failures.length === 0
        ? ['no test was executed: that counts as a failure']
        : []),
      `${this.passed} passed, ${this.failures.length} failed, ${this.skips.length} skipped`,
    ];
  }

  #fail(data: Ended): void {
    const error = (data as EventData.TestFail).details.error as Error & { failureType?: string };
    // A suite that failed only by its tests has been counted with them.
    if (data.details.type === 'suite' && error.failureType === 'subtestsFailed') return;
    this.failures.push(this.#title(data));
  }

  #title(data: Ended): string {
    const path = this.#path(data.file);
    return data.name === data.file ? path : `${path}: ${data.name}`;
  }

  #path(file: string | undefined): string {
    return file === undefined ? '?' : relative(this.#root, file);
  }
}

function reasonOfSkip(data: Ended): string | undefined {
  if (data.skip !== undefined && data.skip !== false)
    return data.skip === true || data.skip === '' ? 'no reason given' : data.skip;
  if (data.todo !== undefined && data.todo !== false) return `to do: ${String(data.todo)}`;
  return undefined;
}
