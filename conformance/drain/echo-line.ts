// An open line through the gateway to a backend that echoes: it says something every 100 ms and wants to hear it again.
import type { Duplex } from 'node:stream';

const EVERY_MS = 100;
const LATE_MS = 3000;

export class EchoLine {
  readonly #line: Duplex;
  readonly #timer: NodeJS.Timeout;
  #said = '';
  #heard = '';
  #ended = false;
  #heardAt = performance.now();
  /** Why it is of no use any more; undefined while it works. */
  fault: string | undefined;

  constructor(line: Duplex) {
    this.#line = line;
    line.on('data', (chunk: Buffer) => this.#hear(chunk.toString('latin1')));
    line.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    for (const event of ['end', 'close'] as const) line.on(event, () => this.#fail('closed by the gateway'));
    this.#timer = setInterval(() => this.#say(), EVERY_MS);
    this.#say();
  }

  /** Messages that came back. */
  get echoes(): number {
    return this.#heard.split('message ').length - 1;
  }

  /** In order; from now on a close is no fault. */
  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#line.end();
  }

  #say(): void {
    if (performance.now() - this.#heardAt > LATE_MS) this.#fail(`no echo within ${LATE_MS / 1000} s`);
    if (this.fault !== undefined) return;
    // A gRPC message: no flags, and a length that covers the text.
    const text = `message ${this.echoes}\n`;
    const message = `\0\0\0\0${String.fromCharCode(text.length)}${text}`;
    this.#said += message;
    this.#line.write(message, 'latin1');
  }

  #hear(text: string): void {
    this.#heard += text;
    this.#heardAt = performance.now();
    if (!this.#said.startsWith(this.#heard)) this.#fail('the echo is another text');
  }

  #fail(reason: string): void {
    clearInterval(this.#timer);
    if (!this.#ended) this.fault ??= reason;
  }
}
