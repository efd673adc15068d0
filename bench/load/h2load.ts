// Drives h2load, the closed-loop HTTP/2 load generator of nghttp2, and reads its report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkBytes, type LoadReport } from './load-report.ts';

export interface H2load {
  /** http: HTTP/2 by prior knowledge. */
  readonly url: string;
  readonly connections: number;
  /** At once on each connection. */
  readonly streams: number;
  /** Whole, as h2load wants it. */
  readonly seconds: number;
  readonly core: number;
  readonly headers?: readonly string[];
  /** File with the body of every request; without one, requests are GET. */
  readonly body?: string;
  /** Bytes of one answer's body. */
  readonly answerBytes: number;
}

export interface H2loadReport {
  readonly requests: number;
  readonly seconds: number;
  /** Failed, errored and timed out, and answers that were not 2xx. */
  readonly errors: number;
  /** Of all answers' bodies. */
  readonly bodyBytes: number;
}

export async function runH2load(load: H2load, stop: AbortSignal): Promise<LoadReport> {
  const size = ['-t1', `-c${load.connections}`, `-m${load.streams}`, `-D${load.seconds}`];
  const headers = (load.headers ?? []).flatMap((header) => ['-H', header]);
  const body = load.body === undefined ? [] : ['-d', load.body];
  const command = ['h2load', ...size, ...headers, ...body, load.url];
  const child = spawn('taskset', ['--cpu-list', String(load.core), ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: stop,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  const { requests, errors, bodyBytes } = parseH2load(text);
  const inFlight = load.connections * load.streams;
  const bytes = checkBytes(bodyBytes, { requests, body: load.answerBytes, head: 0, inFlight });
  const fault = errors === 0 ? bytes : `${errors} requests failed or were not answered 2xx`;
  return { requests, seconds: load.seconds, errors, fault };
}

/** Throws when the text is no report, or one of another protocol. */
export function parseH2load(text: string): Omit<H2loadReport, 'seconds'> {
  const total = /requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed/.exec(text);
  const status = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(text);
  const bytes = /\((\d+)\) data$/m.exec(text)?.[1];
  if (total === null || status === null || bytes === undefined || total[1] === '0')
    throw new Error(`h2load completed no request; it wrote:\n${text}`);
  const [, done, succeeded, failed] = total.map(Number);
  const other = status.slice(2).reduce((sum, count) => sum + Number(count), 0);
  return {
    requests: succeeded!,
    errors: Math.max(failed!, done! - succeeded!, other),
    bodyBytes: Number(bytes),
  };
}
