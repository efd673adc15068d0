// The lines that tell a backend who asked and how: X-Forwarded-For, X-Forwarded-Proto, and the beginning of X-Request-Id.
// Made once per client address; for the usual request, which brings none of the three, they are one copy.

export class Forwarded {
  readonly address: Buffer;
  /** X-Forwarded-Proto, with CR LF. */
  readonly proto: Buffer;
  /** All three; the request id and two CR LF are still to follow. */
  readonly lines: Buffer;

  constructor(address: string, scheme: string) {
    const proto = `x-forwarded-proto: ${scheme}\r\n`;
    this.address = Buffer.from(address, 'latin1');
    this.proto = Buffer.from(proto, 'latin1');
    this.lines = Buffer.from(`x-forwarded-for: ${address}\r\n${proto}x-request-id: `, 'latin1');
  }
}

const MOST = 1024;
const known = { http: new Map<string, Forwarded>(), https: new Map<string, Forwarded>() };

/** The lines for a client address, shared by its connections. */
export function forwardedFor(address: string, scheme: 'http' | 'https'): Forwarded {
  const ofScheme = known[scheme];
  let forwarded = ofScheme.get(address);
  if (forwarded === undefined) {
    if (ofScheme.size >= MOST) ofScheme.clear();
    ofScheme.set(address, (forwarded = new Forwarded(address, scheme)));
  }
  return forwarded;
}
