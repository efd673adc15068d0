// Starts client-process.ts and talks to it.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClientAnswer, ClientRequest } from './client-process.ts';

const SCRIPT = new URL('client-process.ts', import.meta.url);

export type Outcomes = Readonly<Record<string, number>>;

export interface LoadOptions {
  /** Until `stop` by default. */
  readonly requests?: number;
  readonly connections?: number;
  /** 1 opens a connection for each request. */
  readonly perConnection: number;
}

export class TestClient {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: ClientAnswer) => void>();
  #next = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid!;
    child.on('message', (message: ClientAnswer & { id: number }) => {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
  }

  static async start(): Promise<TestClient> {
    const child = fork(SCRIPT, []);
    await once(child, 'message');
    return new TestClient(child);
  }

  /** Status and body, such as '200 v1', or the errno of what went wrong. */
  async get(url: string): Promise<string> {
    const [outcome = ''] = Object.keys(await this.#ask({ op: 'get', url }));
    return outcome;
  }

  /** Resolves when all requests are answered, with how often each outcome came. */
  load(url: string, { requests = 0, connections = 8, perConnection }: LoadOptions): Promise<Outcomes> {
    return this.#ask({ op: 'load', url, connections, perConnection, requests });
  }

  /** Ends every load. */
  async stopLoads(): Promise<void> {
    await this.#ask({ op: 'stop' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #ask(request: ClientRequest): Promise<Outcomes> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, ({ outcomes }) => resolve(outcomes));
      this.#child.send({ id, request });
    });
  }
}
