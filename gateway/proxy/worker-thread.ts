// One worker thread, watched from the main thread: started, told, and started again with the last configuration when it dies.
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import type { EventFd } from '#native/event-fd';
import type { Recorder } from '../observe/recorder.ts';
import type { Limits } from './limits.ts';
import type { Overload } from './overload.ts';
import type { OriginalDestinationModule } from './original-destination.ts';
import type { ProxySockets } from './proxy-sockets.ts';
import type {
  Configuration,
  EngineKind,
  FromWorker,
  PortFailure,
  ToWorker,
  WorkerData,
} from './worker-message.ts';

/** Source runs as it is in a checkout and compiled in the image. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
/** Descriptors that are watched over for a worker that dies; those beyond stay open then. */
const MOST_DESCRIPTORS = 1 << 20;
/** Pause before a worker that died soon is started again, milliseconds; doubled each time. */
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** A worker that lived this long has started well. */
const LONG_LIFE = 10_000;

export interface WorkerThreadOptions {
  readonly engine: EngineKind;
  readonly bind: string;
  readonly limits: Limits;
  readonly failureHeader: boolean;
  readonly trustedHops: number;
  readonly accessLog: string | undefined;
  readonly recorder: Recorder;
  readonly ticketKeys: SharedArrayBuffer | undefined;
  readonly originalDestination: OriginalDestinationModule | undefined;
  readonly sockets: ProxySockets;
  readonly overload: Overload;
  readonly onTrouble: (worker: number, detail: string) => void;
  /** The thread has died, or serves again. */
  readonly onAbsence: (worker: number, absent: boolean) => void;
}

export interface Applied {
  readonly error: string | undefined;
  readonly failed: readonly PortFailure[];
}

export class WorkerThread {
  readonly #index: number;
  readonly #options: WorkerThreadOptions;
  readonly #owned = new SharedArrayBuffer(MOST_DESCRIPTORS);
  #wake: EventFd | undefined;
  #closeSocket: ((fd: number) => void) | undefined;
  #worker: Worker | undefined;
  #port: MessagePort | undefined;
  #configuration: Configuration | undefined;
  /** Ports that the running thread was told to open. */
  #told = new Set<number>();
  #lastId = 0;
  readonly #waiting = new Map<number, (applied: Applied) => void>();
  #drained: (() => void) | undefined;
  /** Callers who wait for the access log to be opened anew, in the order of their messages. */
  #reopening: ((error: string | undefined) => void)[] = [];
  #stopping = false;
  #startedAt = 0;
  #pause = 0;
  #restart: NodeJS.Timeout | undefined;

  constructor(index: number, options: WorkerThreadOptions) {
    this.#index = index;
    this.#options = options;
  }

  /** Resolves when the thread takes messages; rejects when it ends before that. */
  async start(): Promise<void> {
    const { engine } = this.#options;
    if (engine === 'epoll') {
      this.#wake ??= (await import('#native/event-fd')).EventFd.open();
      this.#closeSocket = (await import('#native/socket')).closeSocket;
    }
    await this.#launch();
  }

  /** Resolves when the thread, or one that took its place, has the configuration in force. */
  apply(configuration: Configuration, close: readonly number[]): Promise<Applied> {
    this.#configuration = configuration;
    return this.#sendConfiguration(close);
  }

  get alive(): boolean {
    return this.#port !== undefined;
  }

  /** Accepts, or no longer, from the sockets of a worker that is absent. */
  cover({ ports, redirects }: ReturnType<ProxySockets['ofWorker']>, absent: boolean): void {
    this.#tell({ kind: absent ? 'cover' : 'uncover', ports, redirects });
  }

  /** Resolves when nothing is left in flight, or the time is up. */
  async drain(milliseconds: number, handedOver: boolean): Promise<void> {
    if (this.#port === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    this.#tell({ kind: 'drain', milliseconds, handedOver });
    // The worker keeps the time itself; this is for one that has died.
    const timer = setTimeout(resolve, milliseconds + 1000);
    await promise;
    clearTimeout(timer);
  }

  /** Resolves when the thread writes to a file that was opened after this call, or with the reason why it does not. */
  reopenLog(): Promise<string | undefined> {
    // A thread that is not there opens the file when it starts.
    if (this.#port === undefined) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#reopening.push(resolve);
    this.#tell({ kind: 'reopen-log' });
    return promise;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    this.#settleAll('the proxy was closed');
    const worker = this.#worker;
    if (worker !== undefined) {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      this.tellStop();
      await gone;
    }
    this.#wake?.close();
    this.#wake = undefined;
  }

  /** Without waiting: for the end of the process, which would wait for a thread that is blocked in the kernel. */
  tellStop(): void {
    this.#stopping = true;
    this.#tell({ kind: 'stop' });
  }

  crash(): void {
    void this.#worker?.terminate();
    this.#wake?.signal();
  }

  async #launch(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(ENTRY, {
      workerData: this.#dataFor(port2),
      transferList: [port2],
      name: `proxy-${this.#index}`,
    });
    let cause = 'it ended by itself';
    this.#worker = worker;
    this.#port = port1;
    this.#told = new Set();
    this.#startedAt = Date.now();
    port1.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve();
      else this.#receive(message);
    });
    worker.on('error', (error: unknown) => {
      cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      // It serves nobody any more, though taking it down takes a while.
      this.#options.onAbsence(this.#index, true);
    });
    worker.once('exit', () => {
      reject(new Error(`proxy worker ${this.#index} could not start: ${cause}`));
      this.#ended(worker, cause);
    });
    await promise;
  }

  #dataFor(port: MessagePort): WorkerData {
    const { engine, bind, limits, failureHeader, recorder, accessLog, originalDestination, sockets } =
      this.#options;
    const { ticketKeys, trustedHops } = this.#options;
    return {
      engine,
      bind,
      limits,
      failureHeader,
      trustedHops,
      recorder: recorder.memory,
      ticketKeys,
      accessLog,
      originalDestination,
      port,
      wake: this.#wake?.fd ?? -1,
      owned: this.#owned,
      overload: this.#options.overload.memory,
      redirects: sockets.ofWorker(this.#index).redirects,
    };
  }

  #sendConfiguration(close: readonly number[]): Promise<Applied> {
    const configuration = this.#configuration;
    if (configuration === undefined) return Promise.resolve({ error: undefined, failed: [] });
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Applied>();
    this.#waiting.set(id, resolve);
    const open = this.#options.sockets
      .ofWorker(this.#index)
      .ports.filter(({ port }) => !this.#told.has(port));
    for (const port of close) this.#told.delete(port);
    for (const { port } of open) this.#told.add(port);
    this.#tell({ kind: 'apply', id, configuration, open, close });
    return promise;
  }

  #tell(message: ToWorker): void {
    this.#port?.postMessage(message);
    this.#wake?.signal();
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'applied': {
        for (const { port } of message.failed) this.#told.delete(port);
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
        break;
      }
      case 'closed':
        this.#options.sockets.closedBy(this.#index, message.port);
        break;
      case 'drained':
        this.#drained?.();
        break;
      case 'log-reopened':
        this.#reopening.shift()?.(message.error);
        break;
      case 'fault':
        // All workers have the same to say.
        if (this.#index === 0) this.#options.onTrouble(0, message.detail);
        break;
      case 'defect':
        this.#options.onTrouble(this.#index, `a defect of the proxy ended one connection: ${message.detail}`);
        break;
      default:
    }
  }

  #ended(worker: Worker, cause: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#readLastWords();
    this.#port?.close();
    this.#port = undefined;
    this.#closeOrphans();
    this.#options.sockets.workerDied(this.#index);
    this.#options.recorder.forgetConnections();
    this.#drained?.();
    for (const resolve of this.#reopening.splice(0)) resolve(undefined);
    if (this.#stopping) return;
    this.#options.onTrouble(this.#index, `the worker died and is started again: ${cause}`);
    this.#options.onAbsence(this.#index, true);
    if (Date.now() - this.#startedAt > LONG_LIFE) this.#pause = 0;
    this.#restart = setTimeout(() => void this.#revive(), this.#pause);
    this.#pause = Math.min(Math.max(this.#pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE);
  }

  /** Which sockets it has closed, above all: they must not be closed twice, since their numbers may be in use again. */
  #readLastWords(): void {
    if (this.#port === undefined) return;
    for (
      let said = receiveMessageOnPort(this.#port);
      said !== undefined;
      said = receiveMessageOnPort(this.#port)
    )
      this.#receive(said.message as FromWorker);
  }

  async #revive(): Promise<void> {
    try {
      await this.#launch();
    } catch {
      // `#ended` has told why, and tries again.
      return;
    }
    const applied = await this.#sendConfiguration([]);
    this.#options.onAbsence(this.#index, false);
    // Whoever waited for the thread that died is served by this one.
    for (const resolve of this.#waiting.values()) resolve(applied);
    this.#waiting.clear();
  }

  /** Connections of a thread that died would stay open for ever, and their clients wait. */
  #closeOrphans(): void {
    const owned = new Uint8Array(this.#owned);
    for (let fd = owned.indexOf(1); fd >= 0; fd = owned.indexOf(1, fd + 1)) {
      owned[fd] = 0;
      this.#closeSocket?.(fd);
    }
  }

  #settleAll(error: string): void {
    for (const resolve of this.#waiting.values()) resolve({ error, failed: [] });
    this.#waiting.clear();
  }
}
