// From the words after `sluice` to an exit code: finds the command, parses, runs, and turns errors into one line each.
import { EXIT, UsageError, type Command } from './command.ts';
import { helpOf, overview } from './help.ts';
import { parse } from './parse.ts';
import { unknown } from './suggestion.ts';
import { readVersion } from './version.ts';
import { messageOf } from '../error-message.ts';

/** Where a command writes: standard output for its result, standard error for what went wrong. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
}

export async function runCommandLine(
  commands: readonly Command[],
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined || first === '--help' || first === '-h') {
    terminal.out(overview(commands));
    return EXIT.ok;
  }
  if (first === '--version') {
    terminal.out(`sluice ${readVersion()} (node ${process.version}, ${process.platform} ${process.arch})\n`);
    return EXIT.ok;
  }
  if (first === 'help')
    return runCommandLine(commands, rest.length === 0 ? ['--help'] : [rest[0]!, '--help'], terminal);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    const kind = first.startsWith('-') ? 'flag' : 'command';
    const known = kind === 'flag' ? ['--help', '--version'] : commands.map(({ name }) => name);
    terminal.error(`sluice: ${unknown(kind, first, known)} Mend: sluice --help\n`);
    return EXIT.usage;
  }
  return runCommand(command, rest, terminal);
}

async function runCommand(command: Command, words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const given = parse(command, words);
    if (given !== 'help') return await command.run(given);
    terminal.out(helpOf(command));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.error(`sluice ${command.name}: ${error.message} Mend: sluice ${command.name} --help\n`);
      return EXIT.usage;
    }
    terminal.error(`sluice ${command.name}: ${messageOf(error)}\n`);
    return EXIT.failed;
  }
}
