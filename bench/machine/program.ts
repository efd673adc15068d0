// One program under measurement or around it: pinned to a core, in a session of its own so that its whole tree can be found and ended.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { listSession } from './session.ts';

const STOP_MS = 5000;
const LOG_BYTES = 8192;

export interface ProgramOptions {
  /** Core to run on. */
  readonly core: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  #log = '';
  #running = true;

  constructor(name: string, command: readonly string[], options: ProgramOptions) {
    this.name = name;
    this.#child = spawn('taskset', ['--cpu-list', String(options.core), ...command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-LOG_BYTES)));
    this.exited = once(this.#child, 'exit').then(([code, signal]) => {
      this.#running = false;
      return (code ?? signal) as number | string;
    });
    // `once` rejects when the program cannot be spawned: whoever waits for it sees that, nobody else needs to.
    this.exited.catch((error: Error) => {
      this.#running = false;
      this.#log += error.message;
    });
  }

  /** Also the number of its session. Throws when it could not be started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} could not be started: ${this.#log}`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** The end of what it wrote to standard output and standard error. */
  get log(): string {
    return this.#log.trim();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  /** Asks the program to end, then ends whatever is left of its session. */
  async stop(): Promise<void> {
    if (this.#child.pid === undefined) return;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.exited.catch(() => undefined);
    clearTimeout(timer);
    for (const pid of listSession(this.#child.pid)) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
