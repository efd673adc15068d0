// The request of a gRPC-Web client on its way to a gRPC backend: what the client's half takes for the backend's. Messages are
// framed alike in both protocols; the text form is base64 around them.
import type { BackendStream } from '../backend-stream.ts';
import type { Bytes } from '../channel.ts';
import { CHUNKS } from '../framing.ts';
import { Base64Decoder, MALFORMED } from './base64-decoder.ts';
import type { WebAnswer } from './web-answer.ts';

const NO_PIECES: readonly number[] = [];
const NOT_BASE64 =
  'the body is not base64 in padded pieces (RFC 4648 section 4), as application/grpc-web-text is';

export class WebRequest implements BackendStream {
  readonly pieces: readonly number[] = NO_PIECES;
  /** The backend has got all of it. */
  complete = false;
  readonly #answer: WebAnswer;
  readonly #scratch: Bytes;
  readonly #decoder: Base64Decoder | null;

  constructor(answer: WebAnswer, scratch: Bytes, text: boolean) {
    this.#answer = answer;
    this.#scratch = scratch;
    this.#decoder = text ? new Base64Decoder() : null;
  }

  get connecting(): boolean {
    return this.#answer.backend?.connecting ?? false;
  }

  get congested(): boolean {
    return this.#answer.backend?.congested ?? false;
  }

  sendBody(bytes: Bytes, start: number, end: number): void {
    const { down } = this.#answer;
    if (down.framing !== CHUNKS) this.#send(bytes, start, end);
    else {
      const { pieces } = down;
      for (let i = 0; i < pieces.length; i += 2) this.#send(bytes, pieces[i]!, pieces[i + 1]!);
    }
  }

  /** Trailers of the client's are dropped: gRPC has none in requests. */
  sendEnd(): void {
    const { backend } = this.#answer;
    if (backend === null) return;
    if (this.#decoder?.complete === false) return this.#answer.fail('BAD_REQUEST', NOT_BASE64);
    this.complete = true;
    backend.sendEnd(null, 0, 0);
  }

  flow(): void {
    this.#answer.backend?.flow();
  }

  connectTimeout(): void {
    this.#answer.backend?.connectTimeout();
  }

  cancel(): void {
    this.#answer.detach();
  }

  #send(bytes: Bytes, start: number, end: number): void {
    const scratch = this.#scratch;
    const decoder = this.#decoder;
    while (start < end) {
      const { backend } = this.#answer;
      if (backend === null) return;
      if (decoder === null) return backend.sendBody(bytes, start, end);
      const next = Math.min(end, start + scratch.buffer.length);
      const size = decoder.decode(bytes.buffer, start, next, scratch.buffer);
      if (size === MALFORMED) return this.#answer.fail('BAD_REQUEST', NOT_BASE64);
      if (size > 0) backend.sendBody(scratch, 0, size);
      start = next;
    }
  }
}
