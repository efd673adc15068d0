// One worker's socket of a UDP port: the kernel deals clients to the workers by address, so that each client's datagrams all come
// to the same one, which keeps its session.
import { closeSocket } from '#native/socket';
import type { DatagramBatch } from '#native/datagram-batch';
import type { Scope } from '../compiled-config.ts';
import type { Engine } from '../engine.ts';
import { DatagramSession } from './datagram-session.ts';
import type { DatagramSet } from './datagram-set.ts';

/** Batches from one socket before the others get their turn. */
const BATCHES_PER_TURN = 8;

export class DatagramListener {
  readonly fd: number;
  readonly engine: Engine;
  readonly batch: DatagramBatch;
  readonly #set: DatagramSet;
  readonly #key: string;
  readonly #sessions = new Map<string, DatagramSession>();

  constructor(set: DatagramSet, key: string, fd: number) {
    this.#set = set;
    this.#key = key;
    this.fd = fd;
    this.engine = set.engine;
    this.batch = set.batch;
  }

  /** What the configuration in force serves here; undefined when it is gone. */
  scope(): Scope | undefined {
    return this.engine.config.scopes.get(this.#key);
  }

  /** A client waits for an answer. */
  get asked(): boolean {
    for (const session of this.#sessions.values()) if (session.asked) return true;
    return false;
  }

  /** Takes what has come. */
  take(): void {
    const { batch } = this;
    for (let turn = 0; turn < BATCHES_PER_TURN; turn++) {
      const count = batch.receive(this.fd);
      let key = count > 0 ? batch.key(0) : '';
      for (let first = 0; first < count;) {
        const sender = key;
        let next = first + 1;
        while (next < count && (key = batch.key(next)) === sender) next++;
        this.#sessionOf(sender, first).forward(batch, first, next - first);
        first = next;
      }
      if (count < batch.capacity) return;
    }
  }

  ended(session: DatagramSession): void {
    this.#sessions.delete(session.key);
    this.#set.recency.remove(session);
  }

  touched(session: DatagramSession): void {
    this.#set.recency.touch(session);
  }

  watch(fd: number, onReadable: () => void): void {
    this.#set.watch(fd, onReadable);
  }

  unwatch(fd: number): void {
    this.#set.unwatch(fd);
    closeSocket(fd);
  }

  close(): void {
    for (const session of this.#sessions.values()) session.end('');
  }

  #sessionOf(key: string, index: number): DatagramSession {
    const known = this.#sessions.get(key);
    if (known !== undefined && known.served) return known;
    known?.end('');
    const { recency } = this.#set;
    if (recency.count >= this.engine.limits.maxSessions) recency.oldest?.end('SESSION_DISPLACED');
    const session = new DatagramSession(this, key, this.batch, index);
    this.#sessions.set(key, session);
    recency.add(session);
    return session;
  }
}
