// Loopback as the proxy uses it: a real listening socket and a real connection per family.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Ability, CheckResult } from './check.ts';

export async function checkNetwork(): Promise<readonly CheckResult[]> {
  return [await loopback('IPv4', '127.0.0.1'), await loopback('IPv6', '::1')];
}

async function loopback(family: 'IPv4' | 'IPv6', address: string): Promise<CheckResult> {
  const needs: readonly Ability[] = family === 'IPv4' ? ['proxy'] : [];
  const about = { category: 'network', name: `${family} loopback`, needs } as const;
  const server = createServer((socket) => socket.end());
  try {
    await once(server.listen(0, address), 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, address);
    await once(socket, 'connect');
    socket.destroy();
    return { ...about, status: 'ok', detail: `${address} listens and connects` };
  } catch (error) {
    return {
      ...about,
      status: family === 'IPv4' ? 'failed' : 'warning',
      detail: (error as Error).message,
      mend:
        family === 'IPv4'
          ? 'bring the loopback device up: ip link set lo up'
          : 'enable IPv6 if clients or backends use it (sysctl net.ipv6.conf.all.disable_ipv6)',
    };
  } finally {
    server.close();
  }
}
