// One TLS connection over a non-blocking descriptor. `recv` and `send` mean what recv(2) and send(2) mean, so that whoever moves
// bytes need not know which it is: a count, 0 for the peer's end, -1 with `errno`, where EAGAIN waits for the next event.
//
// Two calls into OpenSSL per record read and one per record written; the system calls are OpenSSL's own.
import { EAGAIN, ECONNRESET, EPROTO } from '../errno.ts';
import { lastErrno, memcpy, send } from '../libc.ts';
import { allocatePinned, type Pinned } from '../memory.ts';
import type { Context } from './context.ts';
import {
  errClear,
  sslCipherName,
  sslDoHandshake,
  sslFree,
  sslGetAlpn,
  sslGetCipher,
  sslGetError,
  sslGetVersion,
  sslHasPending,
  sslReadState,
  sslNew,
  sslRead,
  sslSessionReused,
  sslSetAcceptState,
  sslSetConnectState,
  sslSetFd,
  sslShutdown,
  sslWrite,
} from './openssl.ts';
import {
  expectServer,
  requiredPeerExpired,
  peerOf,
  refuseServer,
  verifyFault,
  type ExpectedServer,
  type Peer,
} from './peer.ts';
import { mustTls, takeReason } from './tls-error.ts';

const SSL_ERROR_SSL = 1;
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_WANT_WRITE = 3;
const SSL_ERROR_ZERO_RETURN = 6;
const MSG_NOSIGNAL = 0x4000;
const LONGEST_PROTOCOL = 255;
/** SSL_R_UNEXPECTED_EOF_WHILE_READING in OpenSSL's words. */
const UNEXPECTED_END = 'unexpected eof while reading';

// How far it has come. Beyond OPEN nothing more is read.
const FRESH = 0;
const SHAKING = 1;
const OPEN = 2;
const ENDED = 3;
const FAILED = 4;

/** Of SSL_rstate_string(3). */
const READS_BODY = 'RB';

const protocolOut = allocatePinned(16);
const protocolText = allocatePinned(LONGEST_PROTOCOL);

export class TlsConnection {
  errno = 0;
  /** The last `recv` left nothing behind, neither here nor in the kernel. */
  drained = false;
  /** Reading goes on when there is room to write. */
  wantsWrite = false;
  /** What TLS failed with; '' when it was the connection below, or nothing. */
  failure = '';
  /** Sent as it is before the handshake begins. */
  preface: Pinned | null = null;
  #ssl: number;
  #fd = -1;
  #state = FRESH;
  #saidEnd = false;
  #wantsRoom = false;
  /** Part of a record has come: OpenSSL takes exactly the rest of it from the kernel, whatever else waits there. */
  #midRecord = false;
  readonly #server: ExpectedServer | null;

  /** A server's side. @throws TlsError */
  static accept(context: Context): TlsConnection {
    return new TlsConnection(context, null);
  }

  /** A client's side. @throws TlsError */
  static connect(context: Context, server: ExpectedServer): TlsConnection {
    return new TlsConnection(context, server);
  }

  private constructor(context: Context, server: ExpectedServer | null) {
    this.#server = server;
    this.#ssl = mustTls(sslNew(context.address), 'connection', 'no memory');
    if (server === null) sslSetAcceptState(this.#ssl);
    else
      try {
        sslSetConnectState(this.#ssl);
        expectServer(this.#ssl, server);
      } catch (error) {
        this.free();
        throw error;
      }
  }

  attach(fd: number): void {
    this.#fd = fd;
    mustTls(sslSetFd(this.#ssl, fd), `fd ${fd}`, 'no memory');
  }

  /** Begins or goes on: 1 done, 0 wait for the next event, -1 failed. */
  handshake(): number {
    if (this.#state >= ENDED) return -1;
    if (this.preface !== null && !this.#sendPreface(this.preface)) return this.#state === FAILED ? -1 : 0;
    const result = sslDoHandshake(this.#ssl);
    if (result === 1) return this.#established();
    const errno = lastErrno();
    const error = sslGetError(this.#ssl, result);
    if (error === SSL_ERROR_WANT_READ || error === SSL_ERROR_WANT_WRITE) {
      this.#state = SHAKING;
      return 0;
    }
    if (error === SSL_ERROR_SSL) {
      const fault = verifyFault(this.#ssl);
      const reason = takeReason('handshake failed');
      this.#fail(EPROTO, fault === '' ? reason : `${reason}: ${fault}`);
    } else
      this.#fail(errno || ECONNRESET, this.#state === FRESH ? '' : 'the connection broke in the handshake');
    return -1;
  }

  /** As many records as `size` has room for and the kernel has. */
  recv(address: number, size: number): number {
    // Whether everything that is read now has come since the kernel was last found empty, and begins with a record.
    let fresh = this.drained && !this.#midRecord;
    this.wantsWrite = false;
    this.drained = false;
    if (this.#state >= ENDED) return this.#state === ENDED ? 0 : -1;
    let total = 0;
    while (total < size) {
      const count = sslRead(this.#ssl, address + total, size - total);
      if (count <= 0) return this.#readNothing(count, total);
      total += count;
      // A single record does not fill what is read from the kernel at once (READ_BUFFER): when nothing of that is left, the
      // kernel had no more. After several records only another read can tell. A peer that hides 16 KB and more of padding or of
      // empty records before the first one may wait for its own next byte.
      if (fresh && sslHasPending(this.#ssl) === 0) {
        this.drained = true;
        break;
      }
      fresh = false;
    }
    return total;
  }

  send(address: number, size: number): number {
    if (this.#state === FAILED) return -1;
    let sent = 0;
    while (sent < size) {
      const count = sslWrite(this.#ssl, address + sent, size - sent);
      if (count > 0) {
        sent += count;
        continue;
      }
      this.#explain(count);
      return sent > 0 ? sent : -1;
    }
    return sent;
  }

  /** Sends close_notify, once. False when there is no room for it yet. */
  end(): boolean {
    if (this.#saidEnd || this.#state < OPEN || this.#state === FAILED) return true;
    const result = sslShutdown(this.#ssl);
    if (result < 0) {
      if (sslGetError(this.#ssl, result) === SSL_ERROR_WANT_WRITE) return false;
      errClear();
    }
    this.#saidEnd = true;
    return true;
  }

  free(): void {
    if (this.#ssl === 0) return;
    sslFree(this.#ssl);
    this.#ssl = 0;
    this.#state = FAILED;
  }

  /** The application protocol that was agreed on (ALPN); '' for none. */
  get protocol(): string {
    if (this.#ssl === 0) return '';
    sslGetAlpn(this.#ssl, protocolOut.address, protocolOut.address + 8);
    const length = protocolOut.buffer.readUInt32LE(8);
    if (length === 0 || length > LONGEST_PROTOCOL) return '';
    memcpy(protocolText.address, Number(protocolOut.buffer.readBigUInt64LE(0)), length);
    return protocolText.buffer.toString('latin1', 0, length);
  }

  /** TLSv1.2 or TLSv1.3. */
  get version(): string {
    return this.#ssl === 0 ? '' : (sslGetVersion(this.#ssl) ?? '');
  }

  get cipher(): string {
    return this.#ssl === 0 ? '' : (sslCipherName(sslGetCipher(this.#ssl)) ?? '');
  }

  /** By a session ticket. */
  get resumed(): boolean {
    return this.#ssl !== 0 && sslSessionReused(this.#ssl) === 1;
  }

  /** The certificate that the peer showed. */
  get peer(): Peer | undefined {
    return this.#ssl === 0 ? undefined : peerOf(this.#ssl);
  }

  #sendPreface({ address, buffer }: Pinned): boolean {
    const sent = send(this.#fd, address, buffer.length, MSG_NOSIGNAL);
    if (sent === buffer.length) {
      this.preface = null;
      return true;
    }
    // On a connection that has carried nothing yet there is room, or it is broken.
    this.#fail(sent < 0 ? lastErrno() : ECONNRESET, '');
    return false;
  }

  #established(): number {
    const fault =
      this.#server !== null
        ? refuseServer(this.#ssl, this.#server, this.protocol)
        : this.resumed && requiredPeerExpired(this.#ssl)
          ? 'the client certificate has expired since'
          : '';
    if (fault !== '') {
      this.#fail(EPROTO, fault);
      return -1;
    }
    this.#state = OPEN;
    return 1;
  }

  /** What `recv` gives when OpenSSL had nothing more after `total` bytes. */
  #readNothing(result: number, total: number): number {
    this.#wantsRoom = false;
    this.#explain(result);
    this.wantsWrite = this.#wantsRoom;
    if (this.#state === ENDED) return total;
    if (this.#state === FAILED) return total > 0 ? total : -1;
    this.drained = true;
    this.#midRecord = sslHasPending(this.#ssl) !== 0 || sslReadState(this.#ssl) === READS_BODY;
    return total > 0 ? total : -1;
  }

  /** Why a read or a write gave `result`. */
  #explain(result: number): void {
    const errno = lastErrno();
    switch (sslGetError(this.#ssl, result)) {
      case SSL_ERROR_WANT_WRITE:
        this.#wantsRoom = true;
        this.errno = EAGAIN;
        break;
      case SSL_ERROR_WANT_READ:
        this.errno = EAGAIN;
        break;
      case SSL_ERROR_ZERO_RETURN:
        this.#state = ENDED;
        break;
      case SSL_ERROR_SSL:
        this.#failBy(takeReason('protocol error'));
        break;
      default:
        this.#fail(errno || ECONNRESET, '');
    }
  }

  /** A connection that ends without close_notify may have been cut off: it is broken, as by a reset. */
  #failBy(reason: string): void {
    if (reason === UNEXPECTED_END) this.#fail(ECONNRESET, '');
    else this.#fail(EPROTO, reason);
  }

  #fail(errno: number, failure: string): void {
    this.#state = FAILED;
    this.errno = errno;
    this.failure = failure;
    errClear();
  }
}
