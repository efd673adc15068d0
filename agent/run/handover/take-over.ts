// The new process's side of a handover: asks whoever serves for its sockets.
import { closeSync } from 'node:fs';
import { DescriptorSocket, type DescriptorMessage } from '#native/descriptor-socket';
import type { SystemError } from '#native/errno';
import type { HandedSockets } from '#gateway/proxy/proxy-sockets';
import { decodeMessage, encodeMessage, PROTOCOL, type HandedPlace } from './handover-message.ts';

/** How long the process that serves may take to answer (ms): it finishes applying what it has begun. */
const PATIENCE_MS = 20_000;
const POLL_MS = 5;

/** A process that stands ready to leave. */
export interface Predecessor {
  readonly pid: number;
  readonly workers: number;
  readonly sockets: readonly HandedSockets[];
  /** We serve: it may let go. */
  serving(): void;
  /** We shall not: it goes on. Does nothing after `serving`. */
  abandon(): void;
}

/** Undefined when nobody serves at `path`. @throws Error when who serves there hands nothing over */
export async function takeOver(path: string, version: string): Promise<Predecessor | undefined> {
  const socket = connectTo(path);
  if (socket === undefined) return undefined;
  const received: { place: HandedPlace; fd: number }[] = [];
  try {
    socket.send(encodeMessage({ say: 'take-over', protocol: PROTOCOL, version }), []);
    for (;;) {
      const raw = await nextMessage(socket, path);
      const message = decodeMessage(raw);
      if (message.say === 'sockets')
        raw.descriptors.forEach((fd, i) => received.push({ fd, place: message.places[i]! }));
      else if (message.say === 'refused')
        throw new Error(`the process that serves does not hand over: ${message.reason}`);
      else if (message.say === 'state')
        return new Successor(socket, message.pid, message.workers, group(received));
      else throw new Error(`the process at ${path} says '${message.say}' out of turn`);
    }
  } catch (error) {
    for (const { fd } of received) closeSync(fd);
    socket.close();
    throw error;
  }
}

class Successor implements Predecessor {
  readonly pid: number;
  readonly workers: number;
  readonly sockets: readonly HandedSockets[];
  readonly #socket: DescriptorSocket;
  #open = true;

  constructor(socket: DescriptorSocket, pid: number, workers: number, sockets: readonly HandedSockets[]) {
    this.#socket = socket;
    this.pid = pid;
    this.workers = workers;
    this.sockets = sockets;
  }

  serving(): void {
    if (!this.#open) return;
    try {
      this.#socket.send(encodeMessage({ say: 'serving' }), []);
    } catch {
      // It has gone: then it has let go as well.
    }
    this.abandon();
  }

  abandon(): void {
    if (this.#open) this.#socket.close();
    this.#open = false;
  }
}

function connectTo(path: string): DescriptorSocket | undefined {
  try {
    return DescriptorSocket.connect(path);
  } catch (error) {
    const { code } = error as SystemError;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

async function nextMessage(socket: DescriptorSocket, path: string): Promise<DescriptorMessage> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const message = socket.receive();
    if (message === null) throw new Error(`the process that serves at ${path} hung up`);
    if (message !== undefined) return message;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the process that serves at ${path} does not answer. Mend: look whether it still works`);
}

function group(received: readonly { place: HandedPlace; fd: number }[]): HandedSockets[] {
  const groups = new Map<
    string,
    { kind: 'port' | 'redirect'; address: string; port: number; fds: number[] }
  >();
  for (const { place, fd } of received) {
    const { kind, address, port, worker } = place;
    const key = `${kind} ${address} ${port}`;
    const one = groups.get(key) ?? { kind, address, port, fds: [] };
    one.fds[worker] = fd;
    groups.set(key, one);
  }
  return [...groups.values()];
}
