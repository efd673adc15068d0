// `sluice run` as users start it, in a process of its own. Every event it tells is kept.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { formatFinding } from '#resources/finding';
import type { RunEvent } from '../run-event.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** Long past anything that is still going to happen. */
const PATIENCE_MS = 30_000;

type Kind = RunEvent['event'];
type EventOf<K extends Kind> = Extract<RunEvent, { event: K }>;

export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly error: string;
}

export class TestRun {
  readonly process: ChildProcess;
  readonly events: RunEvent[] = [];
  readonly ended: Promise<Ended>;
  #error = '';
  #waiting: (() => void)[] = [];

  private constructor(args: readonly string[], wrapper: readonly string[]) {
    const own = ['-o', 'json', '--admin-port', '0'];
    const [command = '', ...words] = [...wrapper, process.execPath, MAIN, 'run', ...own, ...args];
    this.process = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.process, 'close').then(([code]) => {
      this.#wake();
      return { code: code as number | null, error: this.#error };
    });
    this.process.stderr!.on('data', (chunk: Buffer) => (this.#error += chunk.toString()));
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      this.events.push(JSON.parse(line) as RunEvent);
      this.#wake();
    });
  }

  /** Resolves once it serves. `wrapper` is a command that runs it, for instance ['setpriv', ...]. */
  static async start(args: readonly string[], wrapper: readonly string[] = []): Promise<TestRun> {
    const run = new TestRun(args, wrapper);
    await run.until('ready');
    return run;
  }

  /** For a start that is to fail. */
  static refuse(args: readonly string[], wrapper: readonly string[] = []): Promise<Ended> {
    return new TestRun(args, wrapper).ended;
  }

  get pid(): number {
    return this.process.pid!;
  }

  get ready(): EventOf<'ready'> {
    const ready = this.events.find((event) => event.event === 'ready');
    if (ready === undefined) throw new Error('not ready yet');
    return ready;
  }

  /** Revisions applied so far. */
  get applied(): number {
    return this.events.filter((event) => event.event === 'applied').length;
  }

  /** Waits for an event, those already told included from the `from`th on. */
  async until<K extends Kind>(
    kind: K,
    wanted: (event: EventOf<K>) => boolean = () => true,
    from = 0,
  ): Promise<EventOf<K>> {
    const isWanted = (event: RunEvent): event is EventOf<K> =>
      event.event === kind && wanted(event as EventOf<K>);
    for (;;) {
      const found = this.events.slice(from).find(isWanted);
      if (found !== undefined) return found;
      await this.#next();
    }
  }

  /** Waits for a finding whose text, as people read it, matches. */
  async untilFinding(text: RegExp, from = 0): Promise<string> {
    const { finding } = await this.until('finding', (event) => text.test(formatFinding(event.finding)), from);
    return formatFinding(finding);
  }

  /** Waits for the next revision after the first `before`. */
  async untilApplied(before: number): Promise<void> {
    while (this.applied <= before) await this.#next();
  }

  /** Does something, and waits until a revision that came of it serves. */
  async afterEdit(edit: () => void): Promise<void> {
    const before = this.applied;
    edit();
    await this.untilApplied(before);
  }

  /** The value of one sample of /metrics; 0 when it is not there. `sample` is its name with all labels. */
  async metric(sample: string): Promise<number> {
    const answer = await request(`${this.ready.admin}/metrics`);
    const line = (await answer.body.text()).split('\n').find((text) => text.startsWith(`${sample} `));
    return Number(line?.slice(sample.length + 1) ?? 0);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.process.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#alive) await this.end('SIGTERM');
  }

  get #alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async #next(): Promise<void> {
    if (!this.#alive) throw new Error(`sluice run ended: ${(await this.ended).error} ${this.#told()}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const late = setTimeout(
      () => reject(new Error(`waited in vain; sluice run told ${this.#told()}`)),
      PATIENCE_MS,
    );
    await promise;
    clearTimeout(late);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #told(): string {
    return this.events.map((event) => JSON.stringify(event)).join('\n');
  }
}
