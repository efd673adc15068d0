// `sluice check`: what will work on this machine, what will not, and why.
import { EXIT, type Command, type Given } from '../cli/command.ts';
import { OUTPUT } from '../cli/flag.ts';
import { ABILITIES, CATEGORIES, verdictsOf, type CheckResult, type Verdict } from './check.ts';
import { checkKernel } from './kernel.ts';
import { checkLimits } from './limits.ts';
import { checkNetwork } from './network.ts';
import { checkPermissions } from './permissions.ts';
import { checkPlatform } from './platform.ts';

export const command: Command = {
  name: 'check',
  summary: 'tell what will and will not work on this machine, and why',
  description: [
    'Looks at the platform, permissions, kernel, network and limits, and changes nothing: BPF programs are loaded and let go ' +
      'again without being attached. Each line is ok, warn (it works less well) or fail (something named below does not work). ' +
      'The flags of "sluice run" are taken to be at their defaults.',
    'Exit code 1 only when "sluice run" could not serve at all; without BPF it serves as a proxy alone. With -o json: an ' +
      'object with checks and verdicts.',
  ],
  arguments: [],
  flags: [OUTPUT],
  examples: [
    { command: 'sudo sluice check', doc: 'with the rights that "sluice run" will have' },
    { command: "sluice check -o json | jq '.verdicts'", doc: 'what works, for programs' },
  ],
  run,
};

const WORDS = { ok: 'ok', warning: 'warn', failed: 'fail' } as const;

async function run(given: Given): Promise<number> {
  const checks = [
    ...(await checkPlatform()),
    ...checkPermissions(),
    ...(await checkKernel()),
    ...(await checkNetwork()),
    ...checkLimits(),
  ];
  const verdicts = verdictsOf(checks);
  process.stdout.write(
    given.json ? `${JSON.stringify({ checks, verdicts }, undefined, 2)}\n` : render(checks, verdicts),
  );
  return verdicts.some(({ ability, works }) => ability === 'proxy' && !works) ? EXIT.failed : EXIT.ok;
}

function render(checks: readonly CheckResult[], verdicts: readonly Verdict[]): string {
  const groups = CATEGORIES.map((category) => {
    const lines = checks.filter((check) => check.category === category).map(line);
    return `${category}\n${'-'.repeat(category.length)}\n${lines.join('')}`;
  });
  const title = 'sluice run will';
  const what = verdicts.map(
    ({ ability, works, because }) =>
      `${works ? 'yes' : 'no '}   ${ABILITIES[ability]}${works ? '' : `: ${[...new Set(because)].join(', ')}`}\n`,
  );
  return [...groups, `${title}\n${'-'.repeat(title.length)}\n${what.join('')}`].join('\n');
}

function line({ name, status, detail, mend }: CheckResult): string {
  return `${WORDS[status]}  ${name}: ${detail}\n${mend === undefined ? '' : `      mend: ${mend}\n`}`;
}
