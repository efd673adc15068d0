// Flags of the quick start, in one table.
import { parseArgs } from 'node:util';

export interface QuickstartOptions {
  /** 0: until Ctrl-C. */
  readonly requests: number;
  /** Requests per second of the open-ended run; a bounded run goes as fast as it can. */
  readonly rate: number;
  readonly json: boolean;
  readonly directory: string;
}

export const QUICKSTART_HELP = `npm start -- [flags]

Starts two versions of a backend and Sluice with examples/canary, puts a client into a cgroup of its own, and shows how its
requests are split. Edit the weight in httproute.yaml while it runs; Ctrl-C ends it and leaves nothing behind.

  --requests N   send N requests, then end (default: go on until Ctrl-C)
  --rate N       requests per second while it goes on (default 400)
  --dir DIR      configuration to serve (default examples/canary)
  --json         no live table; the last line is a JSON object
  --help         this text
`;

/** Throws with a message for the user when a flag is wrong; undefined when help was asked for. */
export function parseQuickstart(args: readonly string[], directory: string): QuickstartOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: 'string', default: '0' },
      rate: { type: 'string', default: '400' },
      dir: { type: 'string', default: directory },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    requests: count('--requests', values.requests, 10_000_000),
    rate: count('--rate', values.rate, 100_000),
    json: values.json,
    directory: values.dir,
  };
}

function count(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most)
    throw new Error(`${flag} takes a whole number from 0 to ${most}, not '${text}'`);
  return value;
}
