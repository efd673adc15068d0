// The demo's client: a bounded load at the gateway's listener and, where the kernel steers, at the Service's cluster address.
// It waits for its plan by IPC, since its parent first moves it into a cgroup of its own. Ends when its parent does.
import { Pool } from 'undici';
import type { ClientPlan, ClientReport } from './client-message.ts';
import { messageOf } from '../error-message.ts';

const REPORT_EVERY_MS = 200;
/** Connections are renewed after this many requests, so that connects are part of the load. */
const REQUESTS_PER_CONNECTION = 20;

class Load {
  readonly #plan: ClientPlan;
  readonly #pools: readonly Pool[];
  #report: ClientReport = emptyReport();
  #started = 0;
  #done = 0;
  #stopped = false;

  constructor(plan: ClientPlan) {
    this.#plan = plan;
    this.#pools = plan.targets.map(
      (target) =>
        new Pool(target, {
          connections: plan.concurrency,
          maxRequestsPerClient: REQUESTS_PER_CONNECTION,
          headersTimeout: 10_000,
          bodyTimeout: 10_000,
        }),
    );
  }

  async run(): Promise<void> {
    const timer = setInterval(() => this.#flush(), REPORT_EVERY_MS);
    await Promise.all(Array.from({ length: this.#plan.concurrency }, () => this.#worker()));
    clearInterval(timer);
    this.#report.done = true;
    this.#flush();
    await Promise.all(this.#pools.map((pool) => pool.close()));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #worker(): Promise<void> {
    const begin = performance.now();
    while (!this.#stopped && (this.#plan.requests === 0 || this.#started < this.#plan.requests)) {
      const turn = this.#started++;
      await this.#request(turn % this.#pools.length);
      if (this.#plan.rate > 0) {
        const ahead = (this.#done / this.#plan.rate) * 1000 - (performance.now() - begin);
        if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
      }
    }
  }

  async #request(target: number): Promise<void> {
    const begin = performance.now();
    try {
      const answer = await this.#pools[target]!.request({ path: '/', method: 'GET' });
      await answer.body.dump();
      const version = String(answer.headers['x-version'] ?? '');
      const report = this.#report;
      if (answer.statusCode === 200 && version !== '')
        report.versions[version] = (report.versions[version] ?? 0) + 1;
      else this.#fail(`status ${answer.statusCode}`);
    } catch (error) {
      this.#fail(messageOf(error));
    }
    // The report of now: a request may outlive the one that it began under.
    this.#done += 1;
    this.#report.requests += 1;
    this.#report.latenciesUs.push(Math.round((performance.now() - begin) * 1000));
  }

  #fail(reason: string): void {
    this.#report.failed += 1;
    this.#report.reason = reason;
  }

  #flush(): void {
    process.send?.(this.#report);
    this.#report = emptyReport();
  }
}

function emptyReport(): ClientReport {
  return { requests: 0, failed: 0, versions: {}, latenciesUs: [] };
}

process.on('disconnect', () => process.exit());
process.once('message', (plan: ClientPlan) => {
  const load = new Load(plan);
  process.once('message', () => load.stop());
  void load.run().then(() => process.disconnect?.());
});
