// Drives connect.c: calls with it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Seconds that are not measured, at the beginning of each call. */
const WARM_UP = '0.2';

export interface ConnectReport {
  readonly connects: number;
  readonly errors: number;
  /** The last error's text, '' for none. */
  readonly error: string;
  readonly seconds: number;
  readonly p50us: number;
  readonly p99us: number;
}

/** `command`: how to reach the compiled program (core, namespace, cgroup), itself last. */
export async function callConnect(
  command: readonly string[],
  target: { readonly address: string; readonly port: number },
  seconds: number,
  stop: AbortSignal,
): Promise<ConnectReport> {
  const [program, ...before] = command;
  const args = [...before, 'call', target.address, String(target.port), WARM_UP, String(seconds)];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'], signal: stop });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}`);
  return JSON.parse(text) as ConnectReport;
}
