// A ring buffer map (BPF_MAP_TYPE_RINGBUF) read where the kernel writes it: mapped, no copy, no system call per record.
// Source: kernel Documentation/bpf/ringbuf.rst. The data pages are mapped twice in a row, so no record is ever split.
//
//   page 0 (read, write)     page 1 (read)            data, data again (read)
//   consumer position        producer position        [length | flags][page offset][record, padded to 8] ...
import { FdWatcher } from '../fd-watcher.ts';
import { Mapping, PROT_READ, PROT_WRITE } from '../memory.ts';
import type { BpfMap } from './map.ts';
import { MAP_TYPE } from './map-type.ts';
import { pageSize } from './page-size.ts';

const HEADER_SIZE = 8;
/** The producer has reserved the record and not finished it; or has given it up. */
const BUSY = 1 << 31;
const DISCARDED = 1 << 30;
const LENGTH = DISCARDED - 1;

/** Gets each record where it lies: `view` from `offset`, `length` bytes, valid during the call and for reading only. */
export type RingVisitor = (view: Buffer, offset: number, length: number) => void;

/** One watcher serves all rings of a thread, so that all of them together cost one thread of libuv's pool. */
const watcher = new FdWatcher();

/** One reader per ring. Closing the map does not close the ring: close the ring first. */
export class RingBuffer {
  /** Readable while there are unread records: for the reader's own epoll. */
  readonly wakeFd: number;
  readonly #mask: number;
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #consumed: BigInt64Array;
  readonly #produced: BigInt64Array;
  readonly #headers: Int32Array;
  readonly #data: Buffer;
  #position: number;
  #watching = false;
  #open = true;

  private constructor(map: BpfMap, consumer: Mapping, producer: Mapping) {
    const page = pageSize();
    this.wakeFd = map.fd;
    this.#mask = map.maxEntries - 1;
    this.#consumer = consumer;
    this.#producer = producer;
    this.#consumed = new BigInt64Array(consumer.buffer.buffer, 0, 1);
    this.#produced = new BigInt64Array(producer.buffer.buffer, 0, 1);
    this.#headers = new Int32Array(producer.buffer.buffer, page, (map.maxEntries * 2) / 4);
    this.#data = producer.buffer.subarray(page);
    // A ring that was read before, through a pin for example, goes on where it was left.
    this.#position = Number(Atomics.load(this.#consumed, 0));
  }

  /** @throws SystemError when the map cannot be mapped, TypeError when it is no ring buffer */
  static open(map: BpfMap): RingBuffer {
    if (map.type !== MAP_TYPE.RINGBUF) throw new TypeError(`map ${map.name} is not a ring buffer`);
    const page = pageSize();
    const consumer = Mapping.open(map.fd, page, PROT_READ | PROT_WRITE);
    try {
      return new RingBuffer(map, consumer, Mapping.open(map.fd, page + map.maxEntries * 2, PROT_READ, page));
    } catch (error) {
      consumer.close();
      throw error;
    }
  }

  /** Visits all finished records, oldest first; gives their number. Stops at a record that is still being written. */
  drain(visit: RingVisitor): number {
    if (!this.#open) return 0;
    let count = 0;
    for (;;) {
      const end = Number(Atomics.load(this.#produced, 0));
      if (this.#position >= end) return count;
      const start = this.#position;
      let released = start;
      try {
        while (this.#position < end) {
          const at = this.#position & this.#mask;
          const header = Atomics.load(this.#headers, at >>> 2);
          if ((header & BUSY) !== 0) break;
          const length = header & LENGTH;
          this.#position += (HEADER_SIZE + length + 7) & ~7;
          if ((header & DISCARDED) === 0) {
            count++;
            visit(this.#data, at + HEADER_SIZE, length);
            // The visitor may close the ring: its memory is gone then.
            if (!this.#isOpen()) return count;
          }
          // Producers find room again long before a large backlog has been read.
          if (this.#position - released > this.#mask >>> 2) released = this.#release();
        }
      } finally {
        // Also when the visitor throws: the record has been handed out, it does not come again.
        if (this.#position !== released && this.#open) this.#release();
      }
      if (this.#position === start) return count;
    }
  }

  /**
   * Drains on every wake-up of the kernel, on this thread. The kernel wakes when a record arrives in an empty ring, or as
   * the program's BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP say. Keeps the process alive until close.
   */
  onWake(visit: RingVisitor): void {
    this.#watching = true;
    watcher.watch(this.wakeFd, () => this.drain(visit));
  }

  /** Ends wake-ups and unmaps; views into the ring are invalid from here on. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    if (this.#watching) await watcher.unwatch(this.wakeFd);
    this.#consumer.close();
    this.#producer.close();
  }

  #isOpen(): boolean {
    return this.#open;
  }

  #release(): number {
    // Sequentially consistent with the load of the producer position: no record is left behind without a wake-up.
    Atomics.store(this.#consumed, 0, BigInt(this.#position));
    return this.#position;
  }
}
