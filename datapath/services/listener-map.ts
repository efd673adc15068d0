// Tells the kernel programs which listening sockets are the proxy. The kernel forgets a socket that is closed, however its
// process ended: then redirected Services are refused, never sent to whoever takes the port next.
import type { BpfMap } from '#native/bpf/map';
import { isListening, netnsCookie, socketDomain, socketProtocol } from '#native/socket-option';
import { DatapathError } from '../datapath-error.ts';
import { LISTENER_SET_SIZE, writeListenerSet } from '../layout.gen.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const ONLY = Buffer.alloc(4);

/** One listening socket of the proxy. Several may share an address and port (SO_REUSEPORT). */
export interface ProxyListener {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly fd: number;
}

export class ListenerMap {
  readonly #listeners: BpfMap;
  readonly #set: BpfMap;
  readonly #perFamily: number;

  /** `listeners` and `set` are the maps `listeners` and `proxy` of bpf/include/sluice/proxy.h. */
  constructor(listeners: BpfMap, set: BpfMap) {
    this.#listeners = listeners;
    this.#set = set;
    this.#perFamily = listeners.maxEntries / 2;
  }

  /** Replaces all listeners; none: redirected Services are refused. @throws DatapathError, and then nothing has changed */
  replace(listeners: readonly ProxyListener[]): void {
    const cookies = new Set(listeners.map(checkListener));
    if (cookies.size > 1)
      throw new DatapathError(
        'the listeners are in different network namespaces',
        'open all in one namespace',
      );
    const families = [4, 6] as const;
    const byFamily = families.map((family) => listeners.filter((one) => one.family === family));
    for (const [i, list] of byFamily.entries())
      if (list.length > this.#perFamily)
        throw new DatapathError(
          `${list.length} IPv${families[i]} listeners, at most ${this.#perFamily} are possible`,
          'start fewer workers',
        );
    for (const [i, list] of byFamily.entries()) this.#replaceFamily(i * this.#perFamily, list);
    const [ip4 = [], ip6 = []] = byFamily;
    const value = Buffer.alloc(LISTENER_SET_SIZE);
    const [netnsCookie = 0n] = cookies;
    writeListenerSet(value, 0, { netnsCookie, ip4Count: ip4.length, ip6Count: ip6.length });
    this.#set.update(ONLY, value);
  }

  #empty(slot: Buffer): void {
    if (this.#listeners.lookup(slot) === undefined) return;
    try {
      this.#listeners.delete(slot);
    } catch (error) {
      // Another thread has closed the listener meanwhile: deleting from an empty slot is EINVAL.
      if (this.#listeners.lookup(slot) !== undefined) throw error;
    }
  }

  #replaceFamily(base: number, list: readonly ProxyListener[]): void {
    const key = Buffer.alloc(4);
    for (let i = 0; i < this.#perFamily; i++) {
      key.writeUInt32LE(base + i, 0);
      const listener = list[i];
      if (listener !== undefined) this.#listeners.updateFd(key, listener.fd);
      else this.#empty(key);
    }
  }
}

/** The listener's namespace cookie. */
function checkListener(listener: ProxyListener): bigint {
  const { family, address, port, fd } = listener;
  const name = `proxy listener ${address} port ${port} (fd ${fd})`;
  const mend = 'give the descriptors of open, listening TCP sockets';
  let cookie: bigint;
  try {
    if (socketProtocol(fd) !== IPPROTO_TCP || !isListening(fd))
      throw new DatapathError(`${name} is not a listening TCP socket`, mend);
    if (socketDomain(fd) !== (family === 4 ? AF_INET : AF_INET6))
      throw new DatapathError(`${name} is not an IPv${family} socket`, 'give one listener for each family');
    cookie = netnsCookie(fd);
  } catch (error) {
    if (error instanceof DatapathError) throw error;
    throw new DatapathError(`${name} is not a usable socket`, mend, error);
  }
  return cookie;
}
