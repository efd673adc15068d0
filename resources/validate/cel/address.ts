// Kubernetes' CEL functions on IP addresses and CIDRs: isIP, ip, isCIDR, cidr and their methods.
// https://pkg.go.dev/k8s.io/apiserver/pkg/cel/library#IP and #CIDR
import type { Environment } from '@marcbachmann/cel-js';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** What `ip()` yields. */
class Ip {
  readonly text: string;
  readonly family: 4 | 6;
  constructor(text: string) {
    // As netip.ParseAddr with Kubernetes' limits: no zones, no IPv4 in IPv6.
    if (!validIp(text)) throw new Error(`IP Address '${text}' parse error`);
    this.text = text.toLowerCase();
    this.family = isIPv4(text) ? 4 : 6;
  }
}

/** What `cidr()` yields. */
class Cidr {
  readonly ip: Ip;
  readonly prefix: number;
  constructor(text: string) {
    const [address = '', prefix = '', ...rest] = text.split('/');
    this.ip = new Ip(address);
    this.prefix = Number(prefix);
    if (rest.length > 0 || !/^\d{1,3}$/.test(prefix) || this.prefix > bits(this.ip))
      throw new Error(`network address parse error: '${text}'`);
  }
}

const LOOPBACK = ranges(['127.0.0.0/8', '::1/128']);
const LINK_LOCAL = ranges(['169.254.0.0/16', 'fe80::/10']);
const LINK_LOCAL_MULTICAST = ranges(['224.0.0.0/24', 'ff02::/16']);
const MULTICAST = ranges(['224.0.0.0/4', 'ff00::/8']);
const UNSPECIFIED = ranges(['0.0.0.0/32', '::/128']);
const BROADCAST = ranges(['255.255.255.255/32']);

export function registerAddresses(environment: Environment): void {
  environment
    .registerType('net.IP', { ctor: Ip, fields: {} })
    .registerType('net.CIDR', { ctor: Cidr, fields: {} })
    .registerFunction('isIP(string): bool', validIp)
    .registerFunction('ip(string): net.IP', (text: string) => new Ip(text))
    .registerFunction('string(net.IP): string', (ip: Ip) => ip.text)
    .registerFunction('net.IP.family(): int', (ip: Ip) => BigInt(ip.family))
    .registerFunction('net.IP.isLoopback(): bool', (ip: Ip) => within(LOOPBACK, ip))
    .registerFunction('net.IP.isUnspecified(): bool', (ip: Ip) => within(UNSPECIFIED, ip))
    .registerFunction('net.IP.isLinkLocalUnicast(): bool', (ip: Ip) => within(LINK_LOCAL, ip))
    .registerFunction('net.IP.isLinkLocalMulticast(): bool', (ip: Ip) => within(LINK_LOCAL_MULTICAST, ip))
    .registerFunction(
      'net.IP.isGlobalUnicast(): bool',
      (ip: Ip) =>
        ![LOOPBACK, LINK_LOCAL, MULTICAST, UNSPECIFIED, BROADCAST].some((range) => within(range, ip)),
    )
    .registerFunction('isCIDR(string): bool', validCidr)
    .registerFunction('cidr(string): net.CIDR', (text: string) => new Cidr(text))
    .registerFunction('net.CIDR.ip(): net.IP', (cidr: Cidr) => cidr.ip)
    .registerFunction('net.CIDR.prefixLength(): int', (cidr: Cidr) => BigInt(cidr.prefix))
    .registerFunction('net.CIDR.containsIP(net.IP): bool', contains)
    .registerFunction('net.CIDR.containsIP(string): bool', (cidr: Cidr, text: string) =>
      contains(cidr, new Ip(text)),
    )
    .registerFunction('net.CIDR.containsCIDR(net.CIDR): bool', containsCidr)
    .registerFunction('net.CIDR.containsCIDR(string): bool', (cidr: Cidr, text: string) =>
      containsCidr(cidr, new Cidr(text)),
    );
}

function validIp(text: string): boolean {
  const family = isIP(text);
  return family === 4 || (family === 6 && !text.includes('%') && !text.includes('.'));
}

function validCidr(text: string): boolean {
  try {
    return new Cidr(text).prefix >= 0;
  } catch {
    return false;
  }
}

function contains(cidr: Cidr, ip: Ip): boolean {
  if (cidr.ip.family !== ip.family) return false;
  const list = new BlockList();
  list.addSubnet(cidr.ip.text, cidr.prefix, familyName(cidr.ip));
  return within(list, ip);
}

function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.ip);
}

function ranges(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const cidr = new Cidr(text);
    list.addSubnet(cidr.ip.text, cidr.prefix, familyName(cidr.ip));
  }
  return list;
}

function within(list: BlockList, ip: Ip): boolean {
  return list.check(ip.text, familyName(ip));
}

function familyName(ip: Ip): 'ipv4' | 'ipv6' {
  return ip.family === 4 ? 'ipv4' : 'ipv6';
}

function bits(ip: Ip): number {
  return ip.family === 4 ? 32 : 128;
}
