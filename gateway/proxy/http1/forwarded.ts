// The lines that tell a backend who asked and how: X-Forwarded-For, X-Forwarded-Proto, and the beginning of X-Request-Id.
// Made once per client address; for the usual request, which brings none of the three, they are one copy.

export class Forwarded {
  readonly address: Buffer;
  /** All three; the request id and two CR LF are still to follow. */
  readonly lines: Buffer;

  constructor(address: string) {
    this.address = Buffer.from(address, 'latin1');
    this.lines = Buffer.from(
      `x-forwarded-for: ${address}\r\nx-forwarded-proto: http\r\nx-request-id: `,
      'latin1',
    );
  }
}

const MOST = 1024;
const known = new Map<string, Forwarded>();

/** The lines for a client address, shared by its connections. */
export function forwardedFor(address: string): Forwarded {
  let forwarded = known.get(address);
  if (forwarded === undefined) {
    if (known.size >= MOST) known.clear();
    known.set(address, (forwarded = new Forwarded(address)));
  }
  return forwarded;
}
