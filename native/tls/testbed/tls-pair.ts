// Two ends of one connection on loopback, in one thread: what one says the other can hear at once.
import { acceptConnection, closeSocket, openListener, startConnection } from '../../socket.ts';
import { allocatePinned, type Pinned } from '../../memory.ts';
import { TlsConnection } from '../connection.ts';
import type { Context } from '../context.ts';
import type { ExpectedServer } from '../peer.ts';

const memory: Pinned = allocatePinned(1 << 20);

export class TlsPair {
  readonly server: TlsConnection;
  readonly client: TlsConnection;
  readonly serverFd: number;
  readonly clientFd: number;

  constructor(server: Context, client: Context, expected: ExpectedServer) {
    const listener = openListener({ address: '127.0.0.1', port: 0, reusePort: false });
    this.clientFd = startConnection('127.0.0.1', listener.port);
    this.serverFd = acceptConnection(listener.fd);
    closeSocket(listener.fd);
    this.server = TlsConnection.accept(server);
    this.server.attach(this.serverFd);
    this.client = TlsConnection.connect(client, expected);
    this.client.attach(this.clientFd);
  }

  /** Shakes hands until both are done or one has failed: what `handshake` gave last on the server and on the client. */
  shake(): [server: number, client: number] {
    let server = 0;
    let client = 0;
    for (let turn = 0; turn < 20 && (server === 0 || client === 0); turn++) {
      if (client === 0) client = this.client.handshake();
      if (server === 0) server = this.server.handshake();
    }
    return [server, client];
  }

  /** Sends text; the number of bytes that were taken. */
  send(from: TlsConnection, text: string): number {
    memory.buffer.write(text, 'latin1');
    return from.send(memory.address, text.length);
  }

  /** What one `recv` of at most `size` bytes gives: text, or the number when that is not positive. */
  recv(to: TlsConnection, size: number = memory.buffer.length): string | number {
    const count = to.recv(memory.address, size);
    return count > 0 ? memory.buffer.toString('latin1', 0, count) : count;
  }

  closeFd(fd: number): void {
    closeSocket(fd);
    this.#closed.add(fd);
  }

  readonly #closed = new Set<number>();

  [Symbol.dispose](): void {
    this.server.free();
    this.client.free();
    for (const fd of [this.serverFd, this.clientFd]) if (!this.#closed.has(fd)) closeSocket(fd);
  }
}
