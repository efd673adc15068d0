// Drives hold-connections.ts: many connections that stay open until they are told to end.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NODE } from '../machine/checkout.ts';
import { withFiles } from '../machine/descriptors.ts';

const PROGRAM = fileURLToPath(new URL('./hold-connections.ts', import.meta.url));

export interface HeldReport {
  /** Connections on which the exchange went right. */
  readonly good: number;
  readonly bad: number;
  /** The last one's reason, '' for none. */
  readonly error: string;
}

/** `extended-connect`: WebSockets that are streams of HTTP/2 connections (RFC 8441). */
export type HeldKind = 'http' | 'websocket' | 'extended-connect';

export interface Holding {
  readonly kind: HeldKind;
  readonly port: number;
  readonly connections: number;
  readonly core: number;
}

export class Holder implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** With what happened while they were opened. */
  static async open({ kind, port, connections, core }: Holding): Promise<[Holder, HeldReport]> {
    const words = [NODE, PROGRAM, kind, String(port), String(connections)];
    const command = ['--cpu-list', String(core), ...withFiles(connections, words)];
    const holder = new Holder(spawn('taskset', command, { stdio: ['pipe', 'pipe', 'inherit'] }));
    return [holder, await holder.#read()];
  }

  /** One exchange on every connection. */
  async exchange(): Promise<HeldReport> {
    this.#child.stdin!.write('\n');
    return this.#read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.stdin!.end();
    await ended;
  }

  /** Throws when the program has ended. */
  async #read(): Promise<HeldReport> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('hold-connections.ts ended before its report');
    return JSON.parse(value) as HeldReport;
  }
}
