// The TCP ports that a process listens on, from /proc (proc_net(5), proc_pid_fd(5)).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

export interface ListeningPort {
  readonly host: '127.0.0.1' | '::1';
  readonly port: number;
}

/** Those on loopback, each once, however many sockets share it. */
export function listeningPorts(pid: number): readonly ListeningPort[] {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  const found = new Map<string, ListeningPort>();
  for (const [table, host] of [
    ['tcp', '127.0.0.1'],
    ['tcp6', '::1'],
  ] as const)
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const port = Number.parseInt(local.split(':')[1] ?? '', 16);
      if (state === LISTEN && sockets.has(`socket:[${inode}]`)) found.set(`${host} ${port}`, { host, port });
    }
  return [...found.values()];
}
