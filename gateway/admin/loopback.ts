// Which addresses and Host headers mean this machine itself. The admin port answers no other: a web page that resolves its
// own name to 127.0.0.1 (DNS rebinding) would otherwise read it from a browser on this machine.
import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Host header (RFC 9112 section 3.2) without its port: '127.0.0.1', '::1', 'localhost'; undefined when it is malformed. */
export function hostOf(header: string | undefined): string | undefined {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::[0-9]{1,5})?$/i.exec(header ?? '');
  return parts === null ? undefined : (parts[1] ?? parts[2]!).toLowerCase();
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}
