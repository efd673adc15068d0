// The life of a worker under epoll: it blocks in its own loop and never returns to Node's, so timers, promises and events do
// not run here. The main thread wakes it through an eventfd and the messages are taken from the port at once.
import { receiveMessageOnPort } from 'node:worker_threads';
import { EventFd } from '#native/event-fd';
import { closeSocket, localAddress } from '#native/socket';
import { frontendKey } from './compiled-config.ts';
import { DatagramSet } from './datagram/datagram-set.ts';
import { portKey, portOf } from './port-key.ts';
import { Deadlines, TICK } from './deadlines.ts';
import { EpollIo } from './io-epoll.ts';
import { ListenerSet } from './listener-set.ts';
import { loadOriginalDestination, type OriginalDestination } from './original-destination.ts';
import { reopenLog } from './reopen-log.ts';
import { WorkerTls } from './tls/worker-tls.ts';
import { WorkerCore } from './worker-core.ts';
import { defectOf, type FromWorker, type ToWorker, type WorkerData } from './worker-message.ts';

/** Longest wait. A thread that is being ended cannot be while it is blocked in the kernel. */
const LONGEST_WAIT = 1000;
const REDIRECT = 'redirect';
/** Sockets of another worker. */
const COVER = 'cover';

/** Returns when the worker is told to stop. */
export async function runEpoll(data: WorkerData): Promise<void> {
  const { originalDestination, redirects } = data;
  const finder = originalDestination && (await loadOriginalDestination(originalDestination));
  new EpollWorker(data).run(
    redirects.map(({ fd }) => fd),
    finder,
  );
}

class EpollWorker {
  readonly #data: WorkerData;
  readonly #deadlines = new Deadlines();
  readonly #io: EpollIo;
  readonly #core: WorkerCore;
  readonly #listeners: ListenerSet;
  readonly #datagrams: DatagramSet;
  #finder: OriginalDestination | undefined;
  #openRedirects: (() => void) | undefined;
  #stopped = false;
  #draining = false;
  #told = false;

  constructor(data: WorkerData) {
    this.#data = data;
    const owned = new Uint8Array(data.owned);
    this.#io = new EpollIo(this.#deadlines, owned, (owner, error) => {
      owner.abandon();
      this.#post(defectOf(error));
    });
    this.#core = new WorkerCore(data, this.#io, this.#deadlines);
    if (data.ticketKeys !== undefined) this.#core.engine.tls = new WorkerTls(data.ticketKeys);
    const onClosed = (name: string): void => {
      if (!name.startsWith(REDIRECT) && !name.startsWith(COVER))
        this.#post({ kind: 'closed', port: Number(name) });
    };
    this.#listeners = new ListenerSet(this.#io, onClosed);
    this.#datagrams = new DatagramSet(this.#core.engine, this.#io, owned, onClosed, (error) =>
      this.#post(defectOf(error)),
    );
  }

  run(redirects: readonly number[], finder: OriginalDestination | undefined): void {
    const wake = EventFd.attach(this.#data.wake);
    this.#io.watch(wake.fd, () => {
      wake.take();
      this.#takeMessages();
    });
    this.#finder = finder;
    // Not before it is known what they lead to: inherited ones have connections from the first moment.
    this.#openRedirects = () => {
      for (const fd of redirects) this.#openRedirect(fd, finder);
    };
    this.#post({ kind: 'ready' });
    this.#takeMessages();
    while (!this.#stopped) {
      const closing = this.#listeners.busy || this.#datagrams.busy;
      const busy = closing || this.#draining || this.#deadlines.size > 0;
      this.#io.turn(busy ? TICK : LONGEST_WAIT);
      this.#core.flushLog();
      if (this.#listeners.busy) this.#listeners.tick(performance.now());
      if (this.#datagrams.busy) this.#datagrams.tick(performance.now());
      if (this.#draining && !this.#told && !closing && this.#core.drained) {
        this.#told = true;
        this.#post({ kind: 'drained' });
      }
    }
    this.#core.flushLog();
  }

  #takeMessages(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#data.port);
      if (received === undefined) return;
      this.#handle(received.message as ToWorker);
    }
  }

  #handle(message: ToWorker): void {
    switch (message.kind) {
      case 'apply': {
        const error = this.#core.apply(message.configuration);
        for (const detail of this.#core.newFaults) this.#post({ kind: 'fault', detail });
        for (const { port, fd } of message.open) this.#openPort(port, fd);
        for (const port of message.close) {
          this.#listeners.close(String(port), performance.now());
          this.#datagrams.close(String(port), performance.now());
        }
        this.#openRedirects?.();
        this.#openRedirects = undefined;
        this.#post({ kind: 'applied', id: message.id, error, failed: [] });
        break;
      }
      case 'drain':
        this.#draining = true;
        for (const name of this.#listeners.names)
          if (name.startsWith(COVER)) this.#listeners.forget(name);
          else if (message.handedOver) this.#listeners.release(name);
          else this.#listeners.close(name, performance.now());
        this.#datagrams.closeAll(performance.now(), message.handedOver);
        this.#core.drain(message.milliseconds, message.handedOver);
        break;
      case 'cover':
        for (const { port, fd } of message.ports) this.#openPort(port, fd, `${COVER} ${fd}`);
        for (const { fd } of message.redirects) this.#openRedirect(fd, this.#finder, `${COVER} ${fd}`);
        break;
      case 'uncover':
        for (const { fd } of [...message.ports, ...message.redirects]) {
          this.#listeners.forget(`${COVER} ${fd}`);
          this.#datagrams.forget(`${COVER} ${fd}`);
        }
        break;
      case 'reopen-log':
        this.#post({ kind: 'log-reopened', error: reopenLog(this.#core.engine.accessLog) });
        break;
      case 'stop':
        this.#core.cutOff();
        this.#stopped = true;
        break;
      default:
    }
  }

  #openPort(place: number, fd: number, name = String(place)): void {
    const { transport, port } = portOf(place);
    const key = portKey(transport, port);
    if (transport === 'udp') return this.#datagrams.open(key, name, fd, name.startsWith(COVER));
    this.#listeners.open(name, fd, (socket, address, clientPort) => {
      this.#core.admit(key, address, clientPort, (client) => this.#io.adopt(client, socket));
    });
  }

  /** A connection whose destination nobody knows, or that leads to no Service with routes, is closed: fail closed. */
  #openRedirect(
    fd: number,
    finder: OriginalDestination | undefined,
    name: string = `${REDIRECT} ${fd}`,
  ): void {
    this.#listeners.open(name, fd, (socket, address, clientPort) => {
      const local = localAddress(socket);
      const original = finder?.find(address, clientPort, local.address, local.port);
      const key = original === undefined ? '' : frontendKey(original.address, original.port);
      if (!this.#core.engine.config.scopes.has(key)) {
        closeSocket(socket);
        return;
      }
      this.#core.admit(key, address, clientPort, (client) => this.#io.adopt(client, socket));
    });
  }

  #post(message: FromWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort has no origin
    this.#data.port.postMessage(message);
  }
}
