// Runs a program to its end without blocking us: what it talks to may live in this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ended {
  /** Exit code; null when a signal or the time limit ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface RunLimits {
  readonly timeoutMs: number;
  readonly stop?: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Throws when it cannot be started, or when `stop` is aborted. */
export async function run(command: readonly string[], limits: RunLimits): Promise<Ended> {
  const [file = '', ...args] = command;
  const { timeoutMs, stop, input, ...options } = limits;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, ...options });
  // Its whole group: a shell script would leave its children behind.
  const end = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  stop?.addEventListener('abort', end, { once: true });
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  // A program that does not read its input closes it early.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    stop?.throwIfAborted();
    const text = (part: Buffer[]): string => Buffer.concat(part).toString();
    return { code, stdout: text(chunks.stdout), stderr: text(chunks.stderr), timedOut };
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener('abort', end);
  }
}
