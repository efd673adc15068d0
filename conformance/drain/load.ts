// A paced load: so many requests a second whatever the gateway does, half of the clients over connections that they keep.
import { KeepAliveClient } from './keep-alive-client.ts';
import type { LoadOutcome } from './load-summary.ts';

const STATUS = /^HTTP\/1\.1 200 /;

export interface LoadOptions {
  readonly port: number;
  readonly clients: number;
  /** Of all clients. */
  readonly requestsPerSecond: number;
  readonly tls?: boolean;
}

/** That of the reference figures. */
export const USUAL_LOAD = { clients: 16, requestsPerSecond: 300 } as const;

export class Load {
  readonly #latencies: number[] = [];
  readonly #failures: string[] = [];
  readonly #clients: readonly KeepAliveClient[];
  readonly #done: Promise<unknown>;
  #stopped = false;

  /** Begins at once. */
  constructor({ port, clients, requestsPerSecond, tls = false }: LoadOptions) {
    this.#clients = Array.from(
      { length: clients },
      (_, index) => new KeepAliveClient({ port, keepAlive: index % 2 === 0, tls }),
    );
    const pace = (1000 * clients) / requestsPerSecond;
    this.#done = Promise.all(
      this.#clients.map((client, index) => this.#run(client, pace, (pace * index) / clients)),
    );
  }

  /** So far. */
  get outcome(): LoadOutcome {
    return {
      latencies: this.#latencies,
      failures: this.#failures,
      idleCloses: this.#clients.reduce((sum, { idleCloses }) => sum + idleCloses, 0),
    };
  }

  /** Waits for the answers that are due. */
  async stop(): Promise<LoadOutcome> {
    this.#stopped = true;
    await this.#done;
    const outcome = this.outcome;
    for (const client of this.#clients) client.close();
    return outcome;
  }

  async #run(client: KeepAliveClient, pace: number, first: number): Promise<void> {
    let next = performance.now() + first;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
      if (this.#stopped) return;
      // A late answer is no reason for a burst afterwards.
      next = Math.max(next + pace, performance.now());
      const begin = performance.now();
      try {
        const head = await client.request('/');
        if (STATUS.test(head)) this.#latencies.push(performance.now() - begin);
        else this.#failures.push(head.split('\r\n', 1)[0] ?? '');
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
