// The client's half of one exchange: a request that came, and the answer as it goes out. HTTP/1.1 has one per connection,
// HTTP/2 one per stream. The backend's half calls it and knows neither.
//
// Heads are passed as HTTP/1.1 text whatever the versions are: `head` tells where things stand in `bytes`.
import type { FailureCode } from '../model/failure.ts';
import type { BackendStream } from './backend-stream.ts';
import type { Bytes } from './channel.ts';
import type { Client } from './client.ts';
import type { Timed } from './deadlines.ts';
import type { Exchange } from './exchange.ts';
import type { Framing } from './framing.ts';
import type { Head } from './http1/head.ts';

export interface ClientStream extends Timed {
  /** The connection that it came by. */
  readonly client: Client;
  readonly exchange: Exchange;
  /** Who answers; null before one was chosen and after the answer. */
  backend: BackendStream | null;
  /** The whole request has arrived. */
  readonly requestComplete: boolean;
  /** How the request's body is handed over. */
  readonly framing: Framing;
  /** With CHUNKS: start and end of each piece of data in the bytes that are being handed over. */
  readonly pieces: readonly number[];
  /** Takes the chunks of an answer as they are. */
  readonly takesChunks: boolean;
  /** The client does not take what was written to it. */
  readonly congested: boolean;

  /** An interim (1xx) answer. */
  interim(bytes: Bytes, head: Head): void;
  /** The final answer's head with what is here of its body, up to `bodyEnd`. Sets `exchange.status`. */
  respond(bytes: Bytes, head: Head, framing: Framing, bodyEnd: number): void;
  /** More of the body. Of CHUNKS for a half that does not take them, only the backend's `pieces`. */
  respondBody(bytes: Bytes, start: number, end: number): void;
  /** The answer is complete. `trailers` are header lines and an empty one, or null. */
  respondEnd(trailers: Bytes | null, start: number, end: number): void;
  /** Sends an answer of our own and ends the exchange. `text` is ASCII, a whole HTTP/1.1 message with its length. */
  answer(text: string): void;
  /** Answers with a failure of the table, or cuts the answer off when it has begun. The backend's half is cancelled. */
  fail(code: FailureCode, detail?: string): void;
  /** Reads exactly while what comes can be passed on. */
  flow(): void;
  /** Some of what the backend could not take was taken: it is slow, not gone. */
  onProgress(): void;
}
