// Flags as data: one table per command drives parsing, --help and docs/reference/cli.md.

export type FlagType = 'boolean' | 'text' | 'integer' | 'duration' | 'bytes';

/** Durations are milliseconds, sizes are bytes. */
export type FlagValue = boolean | string | number;

export interface Flag {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  /** What stands for the value in help: DIR, PORT. Not for booleans. */
  readonly value?: string;
  /** Not given: false for booleans, absent for the others. */
  readonly default?: FlagValue;
  /** The only values of a text flag. */
  readonly choices?: readonly string[];
  /** Bounds of a number, both allowed themselves. */
  readonly least?: number;
  readonly most?: number;
  readonly doc: string;
}

/** `-o json`, the same everywhere. */
export const OUTPUT: Flag = {
  name: 'output',
  short: 'o',
  type: 'text',
  value: 'FORMAT',
  choices: ['text', 'json'],
  default: 'text',
  doc: 'text for people or json for programs',
};

export const HELP: Flag = { name: 'help', short: 'h', type: 'boolean', doc: 'show this help and end' };

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** The value that `text` means, or what is wrong with it as `{ problem }`: 'must be a whole number'. */
export function readValue(flag: Flag, text: string): { value: FlagValue } | { problem: string } {
  switch (flag.type) {
    case 'boolean':
      return { problem: 'takes no value' };
    case 'text':
      return flag.choices === undefined || flag.choices.includes(text)
        ? { value: text }
        : { problem: `must be ${flag.choices.join(' or ')}, not ${JSON.stringify(text)}` };
    case 'integer':
      return withinBounds(flag, /^[0-9]+$/.test(text) ? Number(text) : undefined, 'a whole number', text);
    case 'duration':
      return withinBounds(flag, readDuration(text), 'a duration such as 500ms, 10s or 1m30s', text);
    case 'bytes':
      return withinBounds(flag, readBytes(text), 'a size such as 32768, 64Ki or 1Mi', text);
    default:
      return flag.type satisfies never;
  }
}

/** Value as it would be typed, for help: 30000 ms is '30s'. */
export function showValue(flag: Flag, value: FlagValue): string {
  if (flag.type === 'duration') return largestUnit(Number(value), ['h', 'm', 's', 'ms'], DURATION_UNITS);
  if (flag.type === 'bytes') return largestUnit(Number(value), ['Gi', 'Mi', 'Ki', ''], BYTE_UNITS);
  return String(value);
}

function withinBounds(
  { least = 0, most = Number.MAX_SAFE_INTEGER }: Flag,
  value: number | undefined,
  expected: string,
  text: string,
): { value: number } | { problem: string } {
  if (value === undefined || !Number.isSafeInteger(value))
    return { problem: `must be ${expected}, not ${JSON.stringify(text)}` };
  if (value < least) return { problem: `must be at least ${least}, not ${value}` };
  if (value > most) return { problem: `must be at most ${most}, not ${value}` };
  return { value };
}

/** The Gateway API's durations (GEP-2257); a bare number is milliseconds. */
function readDuration(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text);
  if (!/^(?:[0-9]{1,5}(?:h|ms|m|s)){1,4}$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([0-9]+)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * DURATION_UNITS[unit!]!, 0);
}

/** Kubernetes quantities without fractions. */
function readBytes(text: string): number | undefined {
  const parts = /^([0-9]+)(|k|M|G|Ki|Mi|Gi)$/.exec(text);
  return parts === null ? undefined : Number(parts[1]) * BYTE_UNITS[parts[2]!]!;
}

function largestUnit(
  value: number,
  units: readonly string[],
  factors: Readonly<Record<string, number>>,
): string {
  const unit = units.find((name) => value > 0 && value % (factors[name] ?? 1) === 0) ?? units.at(-1)!;
  return `${value / (factors[unit] ?? 1)}${unit}`;
}
