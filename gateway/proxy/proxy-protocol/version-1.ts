// The human-readable header (section 2.1): one line, `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443` CR LF.
import { isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress, type SocketAddress } from '#native/address';
import type { HeaderResult } from './read-header.ts';

/** The longest line that the format can make, CR LF included. */
const LONGEST = 107;
const LF = 10;
const CR = 13;
/** Decimal, without zeros in front. */
const PORT = /^(?:0|[1-9]\d{0,4})$/;

/** `bytes` have `PROXY ` at `start`. */
export function readVersion1(bytes: Buffer, start: number, end: number): HeaderResult {
  const last = Math.min(end, start + LONGEST);
  let at = start;
  while (at < last && bytes[at] !== CR && bytes[at] !== LF) at++;
  if (at + 1 >= last && bytes[at] !== LF)
    return end - start < LONGEST ? undefined : `the line has more than ${LONGEST} bytes`;
  if (bytes[at] === LF || bytes[at + 1] !== LF) return 'the line does not end with CR LF';
  const [, protocol = '', source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] =
    bytes.toString('latin1', start, at).split(' ');
  const length = at + 2 - start;
  // Whatever follows is to be ignored.
  if (protocol === 'UNKNOWN') return { length, relayed: undefined };
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isIPv6WithoutZone : undefined;
  if (isAddress === undefined) return 'the protocol is not TCP4, TCP6 or UNKNOWN';
  if (rest.length > 0) return 'the line has more than six words';
  if (!isAddress(source) || !isAddress(destination)) return `an address is not one of ${protocol}`;
  if (!isPort(sourcePort) || !isPort(destinationPort)) return 'a port is not a number from 0 to 65535';
  return {
    length,
    relayed: { source: endOf(source, sourcePort), destination: endOf(destination, destinationPort) },
  };
}

function isIPv6WithoutZone(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

function endOf(address: string, port: string): SocketAddress {
  return { address: canonicalAddress(address), port: Number(port) };
}
