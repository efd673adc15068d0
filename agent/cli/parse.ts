// The words after a command's name, read by its table. Anything the table does not know is an error that names the nearest.
import { parseArgs } from 'node:util';
import { Given, UsageError, type Command } from './command.ts';
import { HELP, readValue, type Flag, type FlagValue } from './flag.ts';
import { unknown } from './suggestion.ts';

/** What was typed, or 'help' when --help is among it. Throws a UsageError. */
export function parse(command: Command, words: readonly string[]): Given | 'help' {
  const flags = [...command.flags, HELP];
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(flags.map(optionOf)),
    // Not strict: the messages are ours.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options = tokens.filter((token) => token.kind === 'option');
  if (options.some((option) => option.name === HELP.name)) return 'help';
  const values = new Map<string, FlagValue>();
  for (const option of options) {
    const flag = flags.find(({ name }) => name === option.name);
    if (flag === undefined)
      throw new UsageError(
        unknown(
          'flag',
          option.rawName,
          flags.map(({ name }) => `--${name}`),
        ),
      );
    // Without `=`, parseArgs takes the next flag for the value.
    const forgotten = !option.inlineValue && /^-./.test(option.value ?? '');
    values.set(flag.name, valueOf(flag, option.rawName, forgotten ? undefined : option.value));
  }
  const positionals = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const missing = command.arguments.filter(({ required }) => required)[positionals.length];
  if (missing !== undefined) throw new UsageError(`${missing.name} is missing: ${missing.doc}.`);
  const surplus = positionals[command.arguments.length];
  if (surplus !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(surplus)}.`);
  return new Given(command, positionals, values);
}

function optionOf(flag: Flag): [string, { type: 'boolean' | 'string'; short?: string }] {
  const type = flag.type === 'boolean' ? 'boolean' : 'string';
  return [flag.name, flag.short === undefined ? { type } : { type, short: flag.short }];
}

function valueOf(flag: Flag, typed: string, text: string | undefined): FlagValue {
  if (flag.type === 'boolean' && text === undefined) return true;
  if (text === undefined)
    throw new UsageError(`flag ${typed} needs a value: ${typed} ${flag.value ?? 'VALUE'}.`);
  const read = readValue(flag, text);
  if ('problem' in read) throw new UsageError(`flag ${typed} ${read.problem}.`);
  return read.value;
}
