// A subcommand as data plus one function. A module that defines one exports it as `command` and imports heavy things
// (native code, the proxy) only inside `run`, so that `sluice --help` and `sluice check` work where those cannot load.
import type { Flag, FlagValue } from './flag.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

interface Argument {
  /** As in help: DIR. */
  readonly name: string;
  readonly required: boolean;
  readonly doc: string;
}

interface Example {
  readonly command: string;
  readonly doc: string;
}

export interface Command {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What it does and what its exit code means; paragraphs. */
  readonly description: readonly string[];
  readonly arguments: readonly Argument[];
  /** Without --help, which every command has. */
  readonly flags: readonly Flag[];
  readonly examples: readonly Example[];
  /** Resolves to the exit code. A UsageError becomes exit code 2, any other error its message and exit code 1. */
  run(given: Given): Promise<number>;
}

/** Thrown for what was typed wrongly. The message names it, as a sentence; the mend is the command's --help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was typed for one command, by the names of its table; asking for a flag that the table lacks is a defect and throws. */
export class Given {
  readonly positionals: readonly string[];
  readonly #command: Command;
  readonly #values: ReadonlyMap<string, FlagValue>;

  constructor(command: Command, positionals: readonly string[], values: ReadonlyMap<string, FlagValue>) {
    this.#command = command;
    this.positionals = positionals;
    this.#values = values;
  }

  /** The argument at `index` that the table says is required. */
  argument(index: number): string {
    const value = this.positionals[index];
    if (value === undefined) throw new UsageError(`${this.#command.arguments[index]?.name} is missing.`);
    return value;
  }

  on(name: string): boolean {
    return this.#valueOf(name, 'boolean') === true;
  }

  /** The value or default of a text flag; undefined when there is neither. */
  text(name: string): string | undefined {
    return this.#valueOf(name, 'text') as string | undefined;
  }

  /** The value or default of a flag that has a default: an integer, milliseconds or bytes. */
  number(name: string): number {
    return this.#valueOf(name, 'integer', 'duration', 'bytes') as number;
  }

  get json(): boolean {
    return this.text('output') === 'json';
  }

  #valueOf(name: string, ...types: readonly Flag['type'][]): FlagValue | undefined {
    const flag = this.#command.flags.find((candidate) => candidate.name === name);
    if (flag === undefined || !types.includes(flag.type))
      throw new TypeError(`command ${this.#command.name} has no ${types.join('|')} flag ${name}`);
    const value = this.#values.get(name) ?? flag.default;
    if (value === undefined && flag.type !== 'boolean' && flag.type !== 'text')
      throw new TypeError(`flag ${name} needs a default`);
    return value;
  }
}
