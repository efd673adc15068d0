// Drives wrk, the closed-loop HTTP/1.1 load generator, and reads its report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface WrkLoad {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number;
  /** Header lines of every request. */
  readonly headers?: readonly string[];
  /** An answer that takes longer is an error; 2 by default. */
  readonly timeoutSeconds?: number;
  /** A Lua script and its arguments. */
  readonly script?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface WrkReport {
  readonly requests: number;
  readonly seconds: number;
  readonly p50us: number;
  readonly p99us: number;
  /** Answers that were not 2xx or 3xx, and socket errors of every kind. */
  readonly errors: number;
  /** What wrk says of the errors; only with some. */
  readonly problems?: string;
  /** Of all answers, heads and bodies; only with wrk.lua. */
  readonly bytes?: number;
}

export async function runWrk(
  {
    url,
    connections,
    seconds,
    core,
    headers = [],
    timeoutSeconds = 2,
    script: [script, ...args] = [],
    env,
  }: WrkLoad,
  stop: AbortSignal,
): Promise<WrkReport> {
  const lines = headers.flatMap((header) => ['-H', header]);
  const flags = [
    '--timeout',
    `${timeoutSeconds}s`,
    ...lines,
    ...(script === undefined ? [] : ['-s', script]),
  ];
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...flags, url];
  const words = args.length === 0 ? wrk : [...wrk, '--', ...args];
  const child = spawn('taskset', ['--cpu-list', String(core), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: stop,
    env: env ?? process.env,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return parseWrk(text);
}

/** Throws when the text is no report. */
export function parseWrk(text: string): WrkReport {
  const total = /(\d+) requests in ([\d.]+)(us|ms|s|m)\b/.exec(text);
  const p50 = /^\s+50%\s+(\S+)$/m.exec(text)?.[1];
  const p99 = /^\s+99%\s+(\S+)$/m.exec(text)?.[1];
  if (total === null || p50 === undefined || p99 === undefined)
    throw new Error(`wrk gave no report; it wrote:\n${text}`);
  const sockets =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const bytes = /^bytes (\d+)$/m.exec(text)?.[1];
  const status = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? '0';
  const errors = [...sockets, status].reduce((sum, count) => sum + Number(count), 0);
  const problems = [...text.matchAll(/(?:Socket errors|Non-2xx or 3xx responses): .*/g)].join(', ');
  return {
    requests: Number(total[1]),
    seconds: toMicroseconds(`${total[2]}${total[3]}`) / 1e6,
    p50us: toMicroseconds(p50),
    p99us: toMicroseconds(p99),
    errors,
    ...(errors === 0 ? {} : { problems }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
  };
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, m: 60e6 };

function toMicroseconds(text: string): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  if (value === undefined || unit === undefined) throw new Error(`wrk wrote a time as '${text}'`);
  return Number(value) * UNITS[unit]!;
}
