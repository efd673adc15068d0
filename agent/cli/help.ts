// Help texts from the tables.
import type { Command } from './command.ts';
import { HELP, showValue, type Flag } from './flag.ts';

const WIDTH = 100;

/** `sluice --help`. */
export function overview(commands: readonly Command[]): string {
  return (
    'Sluice: Kubernetes service-mesh gateway and L7 proxy. eBPF steers, TypeScript decides.\n\n' +
    `Usage: sluice COMMAND [ARGUMENT...] [FLAG...]\n\nCommands:\n` +
    columns(commands.map(({ name, summary }) => [name, summary])) +
    '\nFlags:\n' +
    columns([
      ['-h, --help', 'show this help, or that of a command'],
      ['    --version', 'show the version and end'],
    ]) +
    '\nExit codes: 0 done, 1 findings or failure, 2 typed wrongly.\n'
  );
}

/** `sluice COMMAND --help`. */
export function helpOf(command: Command): string {
  const parts = [
    `${usageOf(command)}\n\n${command.description.map((text) => `${wrap(text, 0)}\n`).join('\n')}`,
  ];
  if (command.arguments.length > 0)
    parts.push(`Arguments:\n${columns(command.arguments.map(({ name, doc }) => [name, doc]))}`);
  parts.push(`Flags:\n${columns([...command.flags, HELP].map((flag) => [flagName(flag), docOf(flag)]))}`);
  parts.push(
    `Examples:\n${command.examples.map(({ command: line, doc }) => `  # ${doc}\n  ${line}\n`).join('')}`,
  );
  return parts.join('\n');
}

export function usageOf(command: Command): string {
  const words = command.arguments.map(({ name, required }) => (required ? name : `[${name}]`));
  return ['Usage: sluice', command.name, ...words, '[FLAG...]'].join(' ');
}

/** What the flag does, what it takes, and what holds without it. */
export function docOf(flag: Flag): string {
  const choices = flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`;
  const shown =
    flag.default === undefined || flag.default === false
      ? ''
      : ` [default: ${showValue(flag, flag.default)}]`;
  return `${flag.doc}${choices}${shown}`;
}

/** '-o, --output FORMAT' or '    --port PORT'. */
function flagName(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.type === 'boolean' ? '' : ` ${flag.value ?? 'VALUE'}`}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, doc]) => `  ${name.padEnd(left)}  ${wrap(doc, left + 4)}\n`).join('');
}

function wrap(text: string, indent: number): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
