// Runs one group of test files with node:test, shows its report, and counts into the tally.
import { once } from 'node:events';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import type { Tally } from './tally.ts';
import type { TestGroup } from './test-files.ts';

const TEST_MS = 120_000;
/** A file whose tests have ended but which keeps running is stopped after this time without news. */
const SILENCE_MS = 240_000;

export interface RunLimits {
  /** Each test. */
  readonly testMs: number;
  /** Without any news from the group. */
  readonly silenceMs: number;
}

export async function runGroup(
  root: string,
  group: TestGroup,
  name: RegExp | undefined,
  tally: Tally,
  stop: AbortSignal,
  limits: RunLimits = { testMs: TEST_MS, silenceMs: SILENCE_MS },
): Promise<void> {
  const silent = new AbortController();
  const running = new Set(group.files);
  const tests = run({
    files: group.files.map((file) => join(root, file)),
    concurrency: group.concurrency,
    timeout: limits.testMs,
    signal: AbortSignal.any([silent.signal, stop]),
    cwd: root,
    ...(name === undefined ? {} : { testNamePatterns: [name] }),
  });
  const silence = setTimeout(() => silent.abort(), limits.silenceMs);
  tests.on('data', () => silence.refresh());
  tests.on('test:pass', (data) => tally.add(data, true));
  tests.on('test:fail', (data) => tally.add(data, false));
  tests.on('test:summary', (data) => {
    if (data.file !== undefined) running.delete(data.file.slice(root.length + 1));
  });
  const report = tests.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await once(report, 'end');
  clearTimeout(silence);
  if (silent.signal.aborted)
    tally.fail(`no news for ${limits.silenceMs / 1000} s, so these were stopped: ${[...running].join(', ')}`);
}
