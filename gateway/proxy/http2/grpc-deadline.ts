// The time that a gRPC client gives its request, beside the deadlines of the stream itself, which move with every byte.
import type { Deadlines, Timed } from '../deadlines.ts';
import type { ClientStream } from '../client-stream.ts';

export class GrpcDeadline implements Timed {
  slot = -1;
  readonly #stream: ClientStream;

  constructor(stream: ClientStream) {
    this.#stream = stream;
  }

  start(deadlines: Deadlines, milliseconds: number): void {
    deadlines.add(this);
    deadlines.set(this, milliseconds);
  }

  stop(deadlines: Deadlines): void {
    deadlines.remove(this);
  }

  onDeadline(): void {
    this.#stream.fail('UPSTREAM_TIMEOUT');
  }

  abandon(): void {
    this.#stream.abandon();
  }
}
