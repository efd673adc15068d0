// The backend's half of one exchange: takes the request, reads the answer and hands it to the client's half.
import type { Bytes } from './channel.ts';

export interface BackendStream {
  /** Still waits for its connection. */
  readonly connecting: boolean;
  /** The backend does not take what was written to it. */
  readonly congested: boolean;
  /** With CHUNKS: start and end of each piece of data in the bytes that are being handed over. */
  readonly pieces: readonly number[];
  /** More of the request's body, in the framing of the client's half. */
  sendBody(bytes: Bytes, start: number, end: number): void;
  /** The request is complete. `trailers` are header lines and an empty one, or null. With CHUNKS they came with the body. */
  sendEnd(trailers: Bytes | null, start: number, end: number): void;
  /** Reads exactly while the client takes what comes. */
  flow(): void;
  /** The deadline of the client's half has passed while `connecting`. */
  connectTimeout(): void;
  /** The exchange is over for the client: nothing of it is called any more. */
  cancel(): void;
}
