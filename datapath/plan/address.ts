// IPv4 and IPv6 literals as 16 bytes, the one form that the kernel programs know: IPv4 is ::ffff:a.b.c.d.
// Strict, so that two spellings never mean two Services: no leading zeros in IPv4, no zones, no spaces.

const DOT = 0x2e;
const ZERO = 0x30;
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

type Family = 4 | 6;

export interface Address {
  /** 4 for v4-mapped bytes too: that is what such a socket speaks on the wire. */
  readonly family: Family;
  /** 16 bytes in network order. */
  readonly bytes: Uint8Array;
}

/** Reads a literal (RFC 4291 section 2.2, dotted decimal for IPv4); undefined when it is not exactly one. */
export function parseAddress(text: string): Address | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : mapIpv4(parseIpv4(text));
  return bytes === undefined ? undefined : { family: isMapped(bytes) ? 4 : 6, bytes };
}

/** The canonical text of 16 bytes: dotted decimal for IPv4, RFC 5952 for IPv6. */
export function formatAddress(bytes: Uint8Array): string {
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const gap = longestZeroRun(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  return gap.length < 2
    ? hex(groups)
    : `${hex(groups.slice(0, gap.start))}::${hex(groups.slice(gap.start + gap.length))}`;
}

/** `address:port`, with brackets around IPv6 (RFC 3986 section 3.2.2). */
export function formatEndpoint(bytes: Uint8Array, port: number): string {
  const text = formatAddress(bytes);
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < MAPPED_PREFIX.length; i++) if (bytes[i] !== MAPPED_PREFIX[i]) return false;
  return true;
}

/** Four octets, or undefined. A loop over characters: a revision has tens of thousands of these. */
function parseIpv4(text: string): number[] | undefined {
  const octets: number[] = [];
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i);
    if (code === DOT) {
      if (value < 0) return undefined;
      octets.push(value);
      value = -1;
    } else {
      // 0 may stand alone but not lead.
      if (code < ZERO || code > ZERO + 9 || value === 0) return undefined;
      value = Math.max(value, 0) * 10 + code - ZERO;
      if (value > 255) return undefined;
    }
  }
  return octets.length === 4 ? octets : undefined;
}

function mapIpv4(octets: number[] | undefined): Uint8Array | undefined {
  if (octets === undefined) return undefined;
  const bytes = new Uint8Array(16);
  bytes.fill(0xff, 10, 12);
  bytes.set(octets, 12);
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group; without it all eight must be there.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.of(...head, ...Array.from({ length: missing }, () => 0), ...tail);
}

/** Colon-separated groups as bytes. Only the last group of the whole address may be dotted decimal. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      const octets = last && i === groups.length - 1 ? parseIpv4(group) : undefined;
      if (octets === undefined) return undefined;
      bytes.push(...octets);
    }
  }
  return bytes;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (start + length < groups.length && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
