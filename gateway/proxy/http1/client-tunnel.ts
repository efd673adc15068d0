// A client's connection that has left HTTP (RFC 9110 section 7.8): bytes go to the backend as they come, each side ends for
// itself, and only silence on both sides for a long time ends it from here.
import type { Bytes } from '../channel.ts';
import type { Downstream } from './downstream.ts';

export class ClientTunnel {
  readonly #down: Downstream;
  /** The backend has ended its side. */
  #backendEnded = false;

  constructor(down: Downstream) {
    this.#down = down;
  }

  onData(bytes: Bytes, start: number, end: number): void {
    const { backend, exchange } = this.#down;
    if (backend === null) return;
    exchange.bytesIn += end - start;
    backend.sendBody(bytes, start, end);
    this.onProgress();
    if (backend.congested) this.#down.flow();
  }

  /** The client has ended its side. */
  onEnd(): void {
    if (this.#backendEnded) this.#down.finishTunnel();
    else this.#down.backend?.sendEnd(null, 0, 0);
  }

  onBackendEnd(): void {
    this.#backendEnded = true;
    if (this.#down.ended) this.#down.finishTunnel();
    else this.#down.engine.io.end(this.#down);
  }

  onProgress(): void {
    const { engine } = this.#down;
    engine.deadlines.set(this.#down, engine.limits.tunnelTimeout);
  }
}
