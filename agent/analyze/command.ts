// `sluice analyze`: is what stands in this directory right, before anything serves it?
import { formatFinding, type Finding } from '#resources/finding';
import { EXIT, type Command, type Given } from '../cli/command.ts';
import { OUTPUT } from '../cli/flag.ts';

export const command: Command = {
  name: 'analyze',
  summary: 'check the objects in a directory without serving them',
  description: [
    'Reads Kubernetes and Gateway API objects as "sluice run" would, validates and translates them, and prints one finding a ' +
      'line: place, level, code, object, field, what is wrong and how to mend it.',
    'Exit code 1 when there is an error; warnings and information alone give 0. With -o json: an array of findings.',
  ],
  arguments: [
    { name: 'DIR', required: true, doc: 'directory (or one file) of .yaml, .yml and .json manifests' },
  ],
  flags: [OUTPUT],
  examples: [
    { command: 'sluice analyze examples/canary', doc: 'everything in a directory' },
    { command: "sluice analyze -o json . | jq '.[] | .code'", doc: 'the codes of all findings' },
  ],
  run,
};

async function run(given: Given): Promise<number> {
  const directory = given.argument(0);
  const { analyze } = await import('./analysis.ts');
  const { findings, objects } = analyze(directory);
  if (given.json) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  else
    process.stdout.write(
      `${findings.map((finding) => `${formatFinding(finding)}\n`).join('')}${summary(findings, objects)}\n`,
    );
  return findings.some(({ level }) => level === 'error') ? EXIT.failed : EXIT.ok;
}

function summary(findings: readonly Finding[], objects: number): string {
  const count = (level: Finding['level'], noun: string): string => {
    const number = findings.filter((finding) => finding.level === level).length;
    return `${number} ${noun}${number === 1 || level === 'info' ? '' : 's'}`;
  };
  const read = `${objects} object${objects === 1 ? '' : 's'}`;
  return `${read}: ${count('error', 'error')}, ${count('warning', 'warning')}, ${count('info', 'info')}`;
}
