// Datagrams taken and sent many at a time (recvmmsg, sendmmsg): one call where a burst waits, and where there is just one it
// also says that there is no other.
//
//   per datagram: | sender 28, 4 spare | control 40: which of our addresses it was sent to | in a place of its own: 64 KiB of bytes |
import { AF_INET6, readAddress, type SocketAddress } from './address.ts';
import { recvmmsg, send, sendmmsg, sendto } from './libc.ts';
import { allocatePinned, allocateUnzeroed, type Pinned } from './memory.ts';

const MSG_NOSIGNAL = 0x4000;
/** The largest datagram that UDP carries has 65,507 bytes. */
const DATAGRAM = 65_536;
const SENDER = 32;
/** sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6). */
const NAME4 = 16;
const NAME6 = 28;
/** A cmsghdr with struct in_pktinfo, or with struct in6_pktinfo, and the room that each takes. */
const CONTROL4 = 28;
const CONTROL6 = 36;
const CONTROL = 40;
/** Where the number of the interface stands in them: after the address in in6_pktinfo, before it in in_pktinfo. */
const INTERFACE4 = 16;
const INTERFACE6 = 32;
const ENVELOPE = SENDER + CONTROL;
// struct mmsghdr: { name u64, namelen u32, _, iov u64, iovlen u64, control u64, controllen u64, flags i32, _, len u32, _ }
const HEADER = 64;
const NAME_LENGTH = 8;
const VECTOR = 16;
const VECTORS = 24;
const CONTROL_ADDRESS = 32;
const CONTROL_LENGTH = 40;
const LENGTH = 56;
// struct iovec: { base u64, len u64 }
const IOVEC = 16;

/** Whom an answer goes to, and from which of our addresses. */
export interface Envelope {
  readonly memory: Pinned;
  readonly nameLength: number;
  readonly controlLength: number;
}

export class DatagramBatch {
  readonly capacity: number;
  readonly #bytes: Pinned;
  readonly #envelopes: Pinned;
  readonly #received: Pinned;
  readonly #sent: Pinned;
  readonly #receiveVectors: Pinned;
  readonly #sendVectors: Pinned;
  readonly #receivedWords: Uint32Array;
  #used: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    // Only what was written by the kernel is ever sent on.
    this.#bytes = allocateUnzeroed(capacity * DATAGRAM);
    this.#envelopes = allocatePinned(capacity * ENVELOPE);
    this.#received = allocatePinned(capacity * HEADER);
    this.#sent = allocatePinned(capacity * HEADER);
    this.#receiveVectors = allocatePinned(capacity * IOVEC);
    this.#sendVectors = allocatePinned(capacity * IOVEC);
    for (let i = 0; i < capacity; i++) {
      const bytes = this.#bytes.address + i * DATAGRAM;
      const envelope = this.#envelopes.address + i * ENVELOPE;
      writeVector(this.#receiveVectors.buffer, i, bytes, DATAGRAM);
      writeVector(this.#sendVectors.buffer, i, bytes, 0);
      writeHeader(this.#received.buffer, i, this.#receiveVectors.address + i * IOVEC);
      writeHeader(this.#sent.buffer, i, this.#sendVectors.address + i * IOVEC);
      writePointer(this.#received.buffer, i * HEADER, envelope);
      writePointer(this.#received.buffer, i * HEADER + CONTROL_ADDRESS, envelope + SENDER);
    }
    const { buffer } = this.#received;
    this.#receivedWords = new Uint32Array(buffer.buffer, buffer.byteOffset, (capacity * HEADER) / 4);
    this.#used = capacity;
  }

  /** Takes what waits: how many datagrams, or -1 with errno. Fewer than `capacity`: no more waited. */
  receive(fd: number): number {
    this.#offer(this.#used);
    const count = recvmmsg(fd, this.#received.address, this.capacity, 0, 0);
    this.#used = Math.max(0, count);
    return count;
  }

  /** Bytes of datagram `index`; 0 is a datagram too. */
  length(index: number): number {
    return this.#receivedWords[(index * HEADER + LENGTH) / 4]!;
  }

  /** The same text for the same sender and, where the socket tells it, the same address of ours. */
  key(index: number): string {
    const start = index * ENVELOPE;
    const control = this.#clearInterface(index);
    return this.#envelopes.buffer.toString(
      'latin1',
      start,
      start + (control === 0 ? NAME6 : SENDER + control),
    );
  }

  sender(index: number): SocketAddress {
    return readAddress(this.#envelopes.buffer.subarray(index * ENVELOPE));
  }

  /** What an answer to datagram `index` needs, in memory of its own. */
  envelope(index: number): Envelope {
    const memory = allocatePinned(ENVELOPE);
    const controlLength = this.#clearInterface(index);
    this.#envelopes.buffer.copy(memory.buffer, 0, index * ENVELOPE, (index + 1) * ENVELOPE);
    const nameLength = memory.buffer.readUInt16LE(0) === AF_INET6 ? NAME6 : NAME4;
    return { memory, nameLength, controlLength };
  }

  /**
   * Sends `count` of the received datagrams, from `first` on: to where `fd` is connected, or to whom `to` says. Returns how many
   * went, or -1 with errno when not even the first did.
   */
  send(fd: number, first: number, count: number, to: Envelope | null): number {
    if (count === 1 && (to === null || to.controlLength === 0)) return this.#sendOne(fd, first, to);
    const { buffer } = this.#sent;
    for (let i = first; i < first + count; i++) {
      this.#sendVectors.buffer.writeUInt32LE(this.length(i), i * IOVEC + 8);
      const at = i * HEADER;
      writePointer(buffer, at, to === null ? 0 : to.memory.address);
      buffer.writeUInt32LE(to === null ? 0 : to.nameLength, at + NAME_LENGTH);
      const control = to === null ? 0 : to.controlLength;
      writePointer(
        buffer,
        at + CONTROL_ADDRESS,
        to === null || control === 0 ? 0 : to.memory.address + SENDER,
      );
      buffer.writeUInt32LE(control, at + CONTROL_LENGTH);
    }
    return sendmmsg(fd, this.#sent.address + first * HEADER, count, MSG_NOSIGNAL);
  }

  /** Without a header to make and to copy: a fifth less for an echo through the proxy. */
  #sendOne(fd: number, index: number, to: Envelope | null): number {
    const bytes = this.#bytes.address + index * DATAGRAM;
    const length = this.length(index);
    const sent =
      to === null
        ? send(fd, bytes, length, MSG_NOSIGNAL)
        : sendto(fd, bytes, length, MSG_NOSIGNAL, to.memory.address, to.nameLength);
    return sent < 0 ? sent : 1;
  }

  /** Says again how much room there is: the kernel has written how much it used. */
  #offer(count: number): void {
    const words = this.#receivedWords;
    for (let i = 0; i < count; i++) {
      const at = (i * HEADER) / 4;
      words[at + NAME_LENGTH / 4] = NAME6;
      words[at + CONTROL_LENGTH / 4] = CONTROL;
    }
  }

  /** An answer takes the way that its own route says, whatever the question came by. Returns the length of the control data. */
  #clearInterface(index: number): number {
    const length = this.#receivedWords[(index * HEADER + CONTROL_LENGTH) / 4]!;
    if (length === 0) return 0;
    const control = index * ENVELOPE + SENDER;
    const ipv4 = this.#envelopes.buffer.readUInt32LE(control) === CONTROL4;
    this.#envelopes.buffer.writeUInt32LE(0, control + (ipv4 ? INTERFACE4 : INTERFACE6));
    return ipv4 ? CONTROL4 : CONTROL6;
  }
}

function writeHeader(buffer: Buffer, index: number, vector: number): void {
  writePointer(buffer, index * HEADER + VECTOR, vector);
  writePointer(buffer, index * HEADER + VECTORS, 1);
}

function writeVector(buffer: Buffer, index: number, base: number, length: number): void {
  writePointer(buffer, index * IOVEC, base);
  writePointer(buffer, index * IOVEC + 8, length);
}

/** Addresses of user space are below 2^47: two stores, and no bigint. */
function writePointer(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value >>> 0, at);
  buffer.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
