// `npm test`: see options.ts for the flags. Exit code 0 when at least one test ran, none failed and nothing was left behind;
// 1 otherwise, 2 for a wrong flag.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcesses, findLeftovers, RUN_MARK, takeSnapshot } from './leftovers.ts';
import { prepareMachine } from './machine.ts';
import { parseTestOptions, TEST_HELP, type TestOptions } from './options.ts';
import { runGroup } from './run-group.ts';
import { Tally } from './tally.ts';
import { groupTestFiles } from './test-files.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  let options: TestOptions | undefined;
  try {
    options = parseTestOptions(process.argv.slice(2), CHECKOUT);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${TEST_HELP}`);
    return 2;
  }
  if (options === undefined) {
    say(TEST_HELP);
    return 0;
  }
  return runTests(options);
}

async function runTests(options: TestOptions): Promise<number> {
  const root = resolve(options.root);
  const groups = groupTestFiles(root, options.patterns);
  prepareMachine(options.install, say);

  const tally = new Tally(root);
  const mark = `${process.pid}-${Date.now()}`;
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  process.env[RUN_MARK] = mark;
  process.env['TMPDIR'] = scratch;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const before = takeSnapshot(mark);
  for (const group of groups) {
    if (group.files.length === 0 || stop.signal.aborted) continue;
    say(`\n== ${group.name}: ${group.files.length} files`);
    await runGroup(root, group, options.name, tally, stop.signal);
  }
  if (stop.signal.aborted) tally.fail('stopped by a signal');
  const left = await findLeftovers(before, mark);
  for (const thing of left) tally.fail(`left behind: ${thing}`);
  endProcesses(left);
  rmSync(scratch, { recursive: true, force: true });

  say('');
  for (const line of tally.lines()) say(line);
  return tally.ok ? 0 : 1;
}

process.exitCode = await main();
