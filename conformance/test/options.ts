// Flags of `npm test`, in one table.
import { parseArgs } from 'node:util';

export interface TestOptions {
  /** Parts of paths: a test file runs when its path holds one of them. None: all files. */
  readonly patterns: readonly string[];
  /** Regular expression on the names of tests. */
  readonly name: RegExp | undefined;
  /** Whether to install what the machine lacks. */
  readonly install: boolean;
  /** The checkout whose tests run. */
  readonly root: string;
}

export const TEST_HELP = `npm test -- [PATTERN...] [flags]

Installs what the tests need on this machine (as root, with apt-get), runs every *.test.ts, then checks that no cgroup, network
namespace, mount, BPF link or process was left behind. The last line is 'N passed, N failed, N skipped'.

  PATTERN        run only the test files whose path holds one of these, for example gateway/route
  --name REGEX   run only the tests whose name matches
  --no-install   install nothing
  --root DIR     run the tests of another checkout
  --help         this text
`;

/** Throws with a message for the user when a flag is wrong; undefined when help was asked for. */
export function parseTestOptions(args: readonly string[], root: string): TestOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      'no-install': { type: 'boolean', default: false },
      root: { type: 'string', default: root },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    patterns: positionals,
    name: values.name === undefined ? undefined : new RegExp(values.name),
    install: !values['no-install'],
    root: values.root,
  };
}
