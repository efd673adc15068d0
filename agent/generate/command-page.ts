// docs/reference/cli.md, from the tables of the commands.
import { COMMANDS } from '../cli/commands.ts';
import type { Command } from '../cli/command.ts';
import { HELP, type Flag } from '../cli/flag.ts';
import { docOf, usageOf } from '../cli/help.ts';
import { pageHead, table } from './page.ts';

export function commandPage(): string {
  return `${pageHead('Command line', 'the command tables in agent')}
From a checkout: \`npm ci --ignore-scripts\`, then \`npx sluice COMMAND\`. Exit codes: 0 done, 1 findings or failure, 2 typed
wrongly. \`-o json\` prints for programs, \`--help\` works everywhere, \`sluice --version\` tells what runs.

${table(
  ['command', 'what it does'],
  COMMANDS.map(({ name, summary }) => [`[\`sluice ${name}\`](#sluice-${name})`, summary]),
)}
Durations are written like \`500ms\`, \`10s\` or \`1m30s\`, sizes like \`32768\`, \`64Ki\` or \`1Mi\`.
${COMMANDS.map(section).join('')}`;
}

function section(command: Command): string {
  const parts = [
    `\n## sluice ${command.name}\n\n\`\`\`\n${usageOf(command)}\n\`\`\`\n\n${command.description.join('\n\n')}\n`,
  ];
  if (command.arguments.length > 0)
    parts.push(
      table(
        ['argument', 'meaning'],
        command.arguments.map(({ name, doc }) => [name, doc]),
      ),
    );
  parts.push(
    table(
      ['flag', 'meaning'],
      [...command.flags, HELP].map((flag) => [flagCell(flag), docOf(flag)]),
    ),
  );
  const examples = command.examples.map(({ command: line, doc }) => `# ${doc}\n${line}\n`).join('');
  parts.push(`\`\`\`\n${examples}\`\`\`\n`);
  return parts.join('\n');
}

function flagCell({ name, short, type, value }: Flag): string {
  const long = `--${name}${type === 'boolean' ? '' : ` ${value ?? 'VALUE'}`}`;
  return `\`${short === undefined ? long : `-${short}, ${long}`}\``;
}
