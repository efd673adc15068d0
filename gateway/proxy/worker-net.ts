// The life of a worker with node:net: Node's own event loop, and listeners that the worker opens itself.
import { createServer, type Server, type Socket } from 'node:net';
import { portKey } from './port-key.ts';
import { Deadlines, TICK } from './deadlines.ts';
import { NetIo } from './io-net.ts';
import { reopenLog } from './reopen-log.ts';
import { WorkerCore } from './worker-core.ts';
import {
  defectOf,
  type FromWorker,
  type PortFailure,
  type ToWorker,
  type WorkerData,
} from './worker-message.ts';

const BACKLOG = 4096;
const MAPPED = /^::ffff:(?=\d+\.)/;

/** Returns at once; the thread lives until it is told to stop. */
export async function runNet(data: WorkerData): Promise<void> {
  new NetWorker(data).run();
}

class NetWorker {
  readonly #data: WorkerData;
  readonly #io: NetIo;
  readonly #core: WorkerCore;
  readonly #servers = new Map<number, Server>();

  constructor(data: WorkerData) {
    this.#data = data;
    const deadlines = new Deadlines();
    this.#io = new NetIo(deadlines, (owner, error) => {
      owner.abandon();
      this.#post(defectOf(error));
    });
    this.#core = new WorkerCore(data, this.#io, deadlines);
  }

  run(): void {
    // Messages are taken one after another: a port must not be closed while it is still being opened.
    let last = Promise.resolve();
    this.#data.port.on('message', (message: ToWorker) => {
      last = last.then(() => this.#handle(message));
    });
    setInterval(() => this.#core.flushLog(), TICK);
    this.#post({ kind: 'ready' });
  }

  async #handle(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'apply': {
        const error = this.#core.apply(message.configuration);
        for (const port of message.close) this.#close(port);
        const opened = await Promise.all(message.open.map(({ port }) => this.#open(port)));
        const failed = opened.filter((failure) => failure !== undefined);
        this.#post({ kind: 'applied', id: message.id, error, failed });
        break;
      }
      case 'drain': {
        for (const port of this.#servers.keys()) this.#close(port);
        this.#core.drain(message.milliseconds, false);
        const timer = setInterval(() => {
          if (!this.#core.drained) return;
          clearInterval(timer);
          this.#post({ kind: 'drained' });
        }, TICK);
        break;
      }
      case 'reopen-log':
        this.#post({ kind: 'log-reopened', error: reopenLog(this.#core.engine.accessLog) });
        break;
      case 'stop':
        this.#core.cutOff();
        this.#core.flushLog();
        process.exit();
        break;
      default:
    }
  }

  #open(port: number): Promise<PortFailure | undefined> {
    const { promise, resolve } = Promise.withResolvers<PortFailure | undefined>();
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    server.on('error', (error) => resolve({ port, error: error.message }));
    server.on('connection', (socket) => this.#accept(port, socket));
    server.listen({ port, host: this.#data.bind, reusePort: true, backlog: BACKLOG }, () => {
      this.#servers.set(port, server);
      resolve(undefined);
    });
    return promise;
  }

  #accept(port: number, socket: Socket): void {
    const address = (socket.remoteAddress ?? '').replace(MAPPED, '');
    const clientPort = socket.remotePort ?? 0;
    this.#core.admit(portKey('tcp', port), address, clientPort, (client) => this.#io.adopt(client, socket));
  }

  #close(port: number): void {
    this.#servers.get(port)?.close();
    this.#servers.delete(port);
    this.#post({ kind: 'closed', port });
  }

  #post(message: FromWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort has no origin
    this.#data.port.postMessage(message);
  }
}
