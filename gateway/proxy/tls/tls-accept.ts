// The beginning of a connection to an HTTPS or a TLS port: looks at the ClientHello without taking it, chooses the Listener and the
// certificate by the server name, shakes hands, and hands over to whatever the two sides have agreed on.
//
//   HELLO ─► SHAKING ─► HTTP/1.1, HTTP/2 or a stream           not to be served: an alert ─► LINGER ─► closed
//      └──► passthrough: the bytes are still in the kernel
import type { TlsConnection } from '#native/tls/connection';
import type { ServedListener } from '../compiled-config.ts';
import type { Bytes } from '../channel.ts';
import { Client } from '../client.ts';
import type { Engine } from '../engine.ts';
import { FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import { copyText } from '../http1/copy.ts';
import {
  BAD_NAME,
  COMPLETE,
  INCOMPLETE,
  NOT_TLS,
  readClientHello,
  type ClientHello,
} from './client-hello.ts';
import type { TlsListener } from './tls-listener.ts';

/** What comes after the handshake, and what an accepting channel asks of its worker. */
export interface Acceptor {
  listener(name: string): TlsListener | undefined;
  /** Begins a connection with the certificates for `serverName`; undefined when there are none. */
  begin(listener: TlsListener, serverName: string): TlsConnection | undefined;
  /** Who serves the connection from now on. */
  successor(accepting: TlsAccept, served: ServedListener, protocol: string): Client;
}

/** For the request that the connection was opened for, when the proxy is draining already. */
const RETIRE_GRACE = 1000;
/** How long a client may take to read why it was refused. */
const LINGER_TIMEOUT = 2000;

// Alerts (RFC 8446 section 6).
const HANDSHAKE_FAILURE = 40;
const DECODE_ERROR = 50;
const UNRECOGNIZED_NAME = 112;

/** Somebody speaks HTTP where TLS is expected: the commonest mistake, and the one that can be answered. */
const LETTER_A = 65;
const LETTER_Z = 90;
const PLAIN_TEXT = 'this port is for https\n';
const PLAIN_ANSWER = `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: ${PLAIN_TEXT.length}\r\n\r\n${PLAIN_TEXT}`;

const hello: ClientHello = { serverName: '', protocols: [], tls13: false };

export class TlsAccept extends Client {
  /** What the client asked for, in lower case; '' for nothing. */
  serverName = '';
  override peeks = true;
  readonly #acceptor: Acceptor;
  #served: ServedListener | undefined;
  #connection: TlsConnection | null = null;

  constructor(acceptor: Acceptor, engine: Engine, key: string, address: string, port: number) {
    super(engine, key, address, port);
    this.#acceptor = acceptor;
  }

  /** A client of TLS speaks first, and at once. */
  override get patience(): number {
    return this.engine.limits.headTimeout;
  }

  onData(bytes: Bytes, start: number, end: number): void {
    // Refused: the rest is read so that closing does not take the alert with it.
    if (!this.peeks) return;
    const result = readClientHello(bytes.buffer, start, end, hello);
    switch (result) {
      case COMPLETE:
        this.serverName = hello.serverName;
        this.#choose();
        break;
      case INCOMPLETE:
        if (this.peerEnded) this.engine.io.close(this);
        break;
      case NOT_TLS: {
        const first = bytes.buffer[start]!;
        if (this.scheme === 'https' && first >= LETTER_A && first <= LETTER_Z) this.#say(PLAIN_ANSWER);
        else this.#fail();
        break;
      }
      default:
        this.#alert(result === BAD_NAME ? UNRECOGNIZED_NAME : DECODE_ERROR);
    }
  }

  onEnd(): void {
    this.engine.io.close(this);
  }

  onError(): void {
    this.#fail();
  }

  override onConnected(): void {
    const served = this.#served;
    const protocol = this.#connection?.protocol ?? '';
    if (served === undefined) this.engine.io.close(this);
    else this.#handOver(served, protocol);
  }

  onProgress(): void {}

  onDrained(): void {}

  onDeadline(): void {
    if (this.peeks || this.connecting) this.#fail();
    else this.engine.io.close(this);
  }

  /** Whoever takes over ends the connection; a client that says nothing is not waited for. */
  retire(grace: number): void {
    this.retiring = true;
    this.engine.deadlines.set(this, Math.min(grace, this.patience));
  }

  stop(): void {
    this.engine.io.close(this);
  }

  /** Without a handshake nobody can be told anything. */
  protected sayOverloaded(): void {
    this.engine.io.reset(this);
  }

  /** The Listener whose hostname is the most specific match (Gateway API, GEP-3567). */
  #choose(): void {
    const served = this.scope()?.listeners.find(this.serverName);
    const listener = served && this.#acceptor.listener(served.name);
    if (served === undefined || listener === undefined) return this.#alert(UNRECOGNIZED_NAME);
    this.#served = served;
    this.boundTo = served.name;
    if (listener.passthrough) return this.#handOver(served, '');
    const connection = this.#acceptor.begin(listener, this.serverName);
    if (connection === undefined) return this.#alert(HANDSHAKE_FAILURE);
    this.#connection = connection;
    this.engine.io.secure(this, connection);
  }

  #handOver(served: ServedListener, protocol: string): void {
    const next = this.#acceptor.successor(this, served, protocol);
    this.succeed(next);
    if (this.retiring && next.fd >= 0) next.retire(RETIRE_GRACE);
  }

  #alert(description: number): void {
    this.engine.recorder.failure(FAILURE_INDEX['TLS_HANDSHAKE']);
    this.#say(String.fromCodePoint(21, 3, 3, 0, 2, 2, description));
  }

  #say(text: string): void {
    const { io, deadlines } = this.engine;
    const out = this.engine.out(text.length);
    this.peeks = false;
    io.write(this, out, 0, copyText(text, out.buffer, 0));
    io.end(this);
    deadlines.set(this, LINGER_TIMEOUT);
  }

  /** OpenSSL has told the client why, where it could. */
  #fail(): void {
    this.engine.recorder.failure(FAILURE_INDEX['TLS_HANDSHAKE']);
    this.engine.io.close(this);
  }
}
