// The file, pipe or terminal behind an access log, opened so that a write never waits for whoever reads it.
import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { AccessLogSink } from './access-log.ts';

/** A pipe takes a write of at most this size whole or not at all, see pipe(7); so does a local socket. */
const PIPE_BUF = 4096;
const STDOUT = '/dev/stdout';
const STDOUT_FD = 1;
const FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Appends to a path; several workers may append to the same one. `-` is standard output. */
export class AccessLogFile implements AccessLogSink {
  pieceBytes: number;
  readonly #path: string;
  #descriptor: number;

  /** Throws an Error that names the path and the mend when it cannot be opened. */
  static open(path: string): AccessLogFile {
    return new AccessLogFile(path === '-' ? STDOUT : path);
  }

  private constructor(path: string) {
    this.#path = path;
    this.#descriptor = openAppending(path);
    this.pieceBytes = pieceOf(this.#descriptor);
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
    this.close();
    this.#descriptor = next;
    this.pieceBytes = pieceOf(next);
  }

  close(): void {
    if (this.#descriptor !== STDOUT_FD) closeSync(this.#descriptor);
  }
}

function pieceOf(descriptor: number): number {
  const stat = fstatSync(descriptor);
  return stat.isFIFO() || stat.isSocket() ? PIPE_BUF : Number.MAX_SAFE_INTEGER;
}

function openAppending(path: string): number {
  try {
    return openSync(path, FLAGS, 0o640);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A socket cannot be opened a second time (systemd's journal is one): it serves as it is, if it does not block.
    if (code === 'ENXIO' && path === STDOUT && isNonBlocking(STDOUT_FD)) return STDOUT_FD;
    throw new Error(`access log ${path}: cannot be opened (${code}). Mend: ${mendOf(code, path)}`, {
      cause: error,
    });
  }
}

/** Node makes a socket on standard output non-blocking when the main thread first looks at process.stdout. */
function isNonBlocking(descriptor: number): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
}

function mendOf(code: string | undefined, path: string): string {
  if (code === 'ENXIO' && path === STDOUT)
    return 'standard output is a socket; name a file, or pipe through cat';
  if (code === 'ENXIO') return 'start the reader of the named pipe first';
  if (code === 'ENOENT') return 'create its directory';
  if (code === 'EACCES' || code === 'EPERM') return 'let the user who runs sluice write there';
  return 'name a file in a directory that can be written';
}
