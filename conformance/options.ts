// Flags of `npm run conformance`: those of every suite here, those of one suite in its own file.
import { parseArgs } from 'node:util';
import { SUITES } from './suite/suites.ts';
import type { FlagValues, Suite, SuiteFlag } from './suite/suite.ts';
import type { Target } from './target/target.ts';
import { TARGETS } from './target/targets.ts';

const WIDTH = 18;

export interface ConformanceOptions {
  readonly suite: Suite;
  readonly target: Target;
  /** Flags of the suite. */
  readonly flags: FlagValues;
  readonly json: boolean;
}

export function conformanceHelp(): string {
  const row = (left: string, right: string): string => `  ${left.padEnd(WIDTH)} ${right}`;
  const ofSuite = (flag: SuiteFlag): string =>
    row(`  --${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`, flag.help);
  return [
    'npm run conformance -- SUITE [flags]',
    '',
    ...SUITES.flatMap((suite) => [row(suite.name, suite.summary), ...suite.flags.map(ofSuite)]),
    '',
    row(
      '--target NAME',
      `the gateway to judge: ${TARGETS.map(({ name }) => name).join(', ')} (default sluice)`,
    ),
    row(
      '-o, --output FMT',
      'text for people, or json: one object on standard output, the rest on standard error',
    ),
    row('--json', 'the same as -o json'),
    row('-h, --help', 'this text'),
    '',
    "Installs what is missing and starts the gateway. The last line is 'N passed, N failed, N skipped'. Exit code 0 when no case",
    'failed, 1 when one did or none ran, 2 for a wrong flag or when the suite could not be run.',
    '',
  ].join('\n');
}

/** Throws with a message for the user when a flag is wrong; undefined when help was asked for. */
export function parseConformanceOptions(args: readonly string[]): ConformanceOptions | undefined {
  const suite = SUITES.find(({ name }) => args.includes(name));
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      target: { type: 'string', default: 'sluice' },
      output: { type: 'string', short: 'o' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      ...Object.fromEntries(
        (suite?.flags ?? []).map(({ name, value }) => [
          name,
          { type: value === undefined ? ('boolean' as const) : ('string' as const) },
        ]),
      ),
    },
  });
  if (values.help) return undefined;
  if (suite === undefined || positionals.length !== 1)
    throw new Error(
      `one suite is needed: ${SUITES.map(({ name }) => name).join(', ')}; not '${positionals.join(' ')}'`,
    );
  const target = TARGETS.find(({ name }) => name === values.target);
  if (target === undefined)
    throw new Error(
      `--target: no '${values.target}'; there are ${TARGETS.map(({ name }) => name).join(', ')}`,
    );
  const output = values.output ?? 'text';
  if (output !== 'text' && output !== 'json') throw new Error(`-o takes text or json, not '${output}'`);
  const all = values as FlagValues;
  return {
    suite,
    target,
    flags: Object.fromEntries(suite.flags.map(({ name }) => [name, all[name]])),
    json: values.json || output === 'json',
  };
}
