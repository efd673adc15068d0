// `npm run conformance`: see options.ts for the flags, suite/suites.ts for the suites.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceHelp, parseConformanceOptions, type ConformanceOptions } from './options.ts';
import { countCases, renderReport, reportToJson } from './report.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  let options: ConformanceOptions | undefined;
  try {
    options = parseConformanceOptions(process.argv.slice(2));
  } catch (error) {
    say(`${describe(error)}\n\n${conformanceHelp()}`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(conformanceHelp());
    return 0;
  }
  return runSuite(options);
}

async function runSuite({ suite, target, flags, json }: ConformanceOptions): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  try {
    const report = await suite.run({ target, flags, folder, stop: stop.signal, say });
    stop.signal.throwIfAborted();
    if (json) process.stdout.write(`${JSON.stringify(reportToJson(suite.name, target.name, report))}\n`);
    const lines = renderReport(report);
    // With JSON, standard output is for programs, and people still see how it went.
    if (json) lines.forEach(say);
    else process.stdout.write(`${lines.join('\n')}\n`);
    const { passed, failed } = countCases(report.cases);
    // Running nothing is no success.
    return failed === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    say(stop.signal.aborted ? 'stopped by a signal' : `npm run conformance: ${describe(error)}`);
    return stop.signal.aborted ? 1 : 2;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();
