// What OpenSSL says went wrong, taken from its queue of errors. The queue belongs to the thread and must be empty before the
// next call, or that one is blamed.
import { errClear, errReason, errTake } from './openssl.ts';

/** Setting up failed. `subject` is what it was about. */
export class TlsError extends Error {
  override readonly name: string = 'TlsError';
  /** OpenSSL's reason, or ours. */
  readonly reason: string;

  constructor(subject: string, reason: string) {
    super(`${subject}: ${reason}`);
    this.reason = reason;
  }
}

/** The reason of the first error in the queue, which it empties; `otherwise` when there is none. */
export function takeReason(otherwise: string): string {
  const code = errTake();
  if (code === 0) return otherwise;
  const reason = errReason(code) ?? `error 0x${code.toString(16)}`;
  errClear();
  return reason;
}

/** Throws a TlsError when `result` is not positive, else gives it back. */
export function mustTls(result: number, subject: string, otherwise: string): number {
  if (result > 0) return result;
  throw new TlsError(subject, takeReason(otherwise));
}
