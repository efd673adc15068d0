// The serving process's side of a handover: waits at a socket in the file system for a process that wants to take its place.
import { DescriptorListener, MOST_DESCRIPTORS, type DescriptorSocket } from '#native/descriptor-socket';
import { FdWatcher } from '#native/fd-watcher';
import type { HandedSockets } from '#gateway/proxy/proxy-sockets';
import { messageOf } from '../../error-message.ts';
import { decodeMessage, encodeMessage, PROTOCOL, type HandedPlace } from './handover-message.ts';

export interface HandoverHost {
  readonly workers: number;
  /** Holds still: applies no change any more and lets go of what only one process can have. Gives what is handed over. */
  pause(): Promise<readonly HandedSockets[]>;
  /** The new process gave up: all goes on. */
  resume(): Promise<void>;
  /** Told when an attempt failed, and why. */
  report(detail: string): void;
}

export class Handover {
  /** Resolves once another process serves in our place. */
  readonly done: Promise<void>;
  readonly #listener: DescriptorListener;
  readonly #watcher = new FdWatcher();
  readonly #host: HandoverHost;
  readonly #finished: () => void;
  #visitor: DescriptorSocket | undefined;
  #paused = false;
  #busy = false;

  /** @throws SystemError when there can be no socket at `path` */
  static open(path: string, host: HandoverHost): Handover {
    return new Handover(DescriptorListener.open(path), host);
  }

  private constructor(listener: DescriptorListener, host: HandoverHost) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#finished = resolve;
    this.#listener = listener;
    this.#host = host;
    this.#watcher.watch(listener.fd, () => this.#welcome());
  }

  async close(): Promise<void> {
    await this.#watcher.unwatch(this.#listener.fd);
    this.#listener.close();
    await this.#dismiss();
  }

  #welcome(): void {
    const visitor = this.#listener.accept();
    if (visitor === undefined) return;
    const user = visitor.peerUser();
    if (user !== process.geteuid?.() && user !== 0) {
      visitor.close();
      return;
    }
    if (this.#visitor !== undefined) {
      visitor.send(encodeMessage({ say: 'refused', reason: 'another process is already taking over' }), []);
      visitor.close();
      return;
    }
    this.#visitor = visitor;
    this.#watcher.watch(visitor.fd, () => void this.#hear(visitor));
  }

  async #hear(visitor: DescriptorSocket): Promise<void> {
    // A visitor that has hung up is readable all the time.
    if (visitor !== this.#visitor || this.#busy) return;
    this.#busy = true;
    try {
      const raw = visitor.receive();
      if (raw === undefined) return;
      if (raw === null) throw new Error('the process that wanted to take over has ended');
      const message = decodeMessage(raw);
      if (message.say === 'take-over') await this.#hand(visitor, message.protocol);
      else if (message.say === 'serving' && this.#paused) {
        await this.#dismiss();
        this.#finished();
      }
    } catch (error) {
      await this.#dismiss();
      if (this.#paused) {
        this.#paused = false;
        await this.#host.resume();
      }
      this.#host.report(messageOf(error));
    } finally {
      this.#busy = false;
    }
  }

  async #hand(visitor: DescriptorSocket, protocol: number): Promise<void> {
    if (protocol !== PROTOCOL || this.#paused) {
      const reason = this.#paused ? 'it is handing over' : `it speaks protocol ${PROTOCOL}, not ${protocol}`;
      visitor.send(encodeMessage({ say: 'refused', reason }), []);
      return;
    }
    this.#paused = true;
    const handed = (await this.#host.pause()).flatMap(({ kind, address, port, fds }) =>
      fds.map((fd, worker) => ({ fd, place: { kind, address, port, worker } })),
    );
    for (let at = 0; at < handed.length; at += MOST_DESCRIPTORS)
      sendSockets(visitor, handed.slice(at, at + MOST_DESCRIPTORS));
    const { workers } = this.#host;
    visitor.send(encodeMessage({ say: 'state', protocol: PROTOCOL, workers, pid: process.pid }), []);
  }

  async #dismiss(): Promise<void> {
    const visitor = this.#visitor;
    if (visitor === undefined) return;
    this.#visitor = undefined;
    await this.#watcher.unwatch(visitor.fd);
    visitor.close();
  }
}

function sendSockets(
  visitor: DescriptorSocket,
  handed: readonly { readonly fd: number; readonly place: HandedPlace }[],
): void {
  const places = handed.map(({ place }) => place);
  visitor.send(
    encodeMessage({ say: 'sockets', places }),
    handed.map(({ fd }) => fd),
  );
}
