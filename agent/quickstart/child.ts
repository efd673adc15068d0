// A child process with an IPC channel. It runs in its own process group, so that Ctrl-C reaches the quick start alone,
// which then stops its children in order; should the quick start die, the closed channel tells them to end.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const STOP_MS = 15_000;

export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  #stopping = false;

  /** `script` and `args` are run with this process's own Node. Standard error is passed through. */
  constructor(name: string, script: string, args: readonly string[]) {
    this.name = name;
    this.process = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    });
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.process.pid!;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** The next IPC message; rejects when the child ends first. */
  async message<T>(): Promise<T> {
    const got = await Promise.race([
      once(this.process, 'message').then(([message]) => ({ message: message as T })),
      this.exited.then((code) => ({ code })),
    ]);
    if ('code' in got) throw new Error(`${this.name} ended with code ${got.code} before it was ready`);
    return got.message;
  }

  send(message: object): void {
    if (this.process.connected) this.process.send(message);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping = true;
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }
}
