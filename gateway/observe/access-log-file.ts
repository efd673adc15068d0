// The file, pipe or terminal behind an access log, opened so that a write never waits for whoever reads it.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { AccessLogSink } from './access-log.ts';

/** PIPE_BUF: a pipe takes a write of at most this size whole or not at all, see pipe(7). */
const PIPE_BUF = 4096;
const STDOUT = '/dev/stdout';
const FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Appends to a path; several workers may append to the same one. `-` is standard output. */
export class AccessLogFile implements AccessLogSink {
  readonly pieceBytes: number;
  readonly #path: string;
  #descriptor: number;

  /** Throws an Error that names the path and the mend when it cannot be opened. */
  static open(path: string): AccessLogFile {
    return new AccessLogFile(path === '-' ? STDOUT : path);
  }

  private constructor(path: string) {
    this.#path = path;
    this.#descriptor = openAppending(path);
    this.pieceBytes = fstatSync(this.#descriptor).isFIFO() ? PIPE_BUF : Number.MAX_SAFE_INTEGER;
  }

  /** Bytes taken, 0 when the pipe or the disk is full: the log keeps what it can and counts what it drops. */
  write(bytes: Uint8Array): number {
    try {
      return writeSync(this.#descriptor, bytes);
    } catch {
      return 0;
    }
  }

  /** Opens the path anew, for rotation by rename. The old file stays in use when that fails. */
  reopen(): void {
    const next = openAppending(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = next;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function openAppending(path: string): number {
  try {
    return openSync(path, FLAGS, 0o640);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`access log ${path}: cannot be opened (${code}). Mend: ${mendOf(code, path)}`, {
      cause: error,
    });
  }
}

function mendOf(code: string | undefined, path: string): string {
  if (code === 'ENXIO' && path === STDOUT)
    return 'standard output is a socket; name a file, or pipe through cat';
  if (code === 'ENXIO') return 'start the reader of the named pipe first';
  if (code === 'ENOENT') return 'create its directory';
  if (code === 'EACCES' || code === 'EPERM') return 'let the user who runs sluice write there';
  return 'name a file in a directory that can be written';
}
