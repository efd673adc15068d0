// One program under judgement or around it, in a process group of its own so that its whole tree can be ended.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const STOP_MS = 5000;
const LOG_BYTES = 16_384;

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it; -1 when it could not be started. */
  readonly exited: Promise<number | string>;
  #log = '';
  #running = true;

  constructor(name: string, command: readonly string[], options: ProgramOptions = {}) {
    const [file = '', ...args] = command;
    this.name = name;
    this.#child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-LOG_BYTES)));
    this.exited = once(this.#child, 'exit').then(
      ([code, signal]) => {
        this.#running = false;
        return (code ?? signal) as number | string;
      },
      (error: Error) => {
        this.#running = false;
        this.#log += error.message;
        return -1;
      },
    );
  }

  /** Throws when it could not be started. */
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

  /** Asks the program to end, then ends whatever is left of its group. */
  async stop(): Promise<void> {
    if (this.#child.pid === undefined) return;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left.
    }
  }
}
