// HAProxy, as Debian ships it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, installCommands } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import type { Peer } from './peer.ts';

export const haproxy: Peer = {
  name: 'haproxy',
  prepare: (say) => installCommands([{ command: 'haproxy', package: 'haproxy' }], say),
  version: () => commandVersion(findHaproxy(), '-v'),
  start({ port, originPort, folder, core }) {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, render(port, originPort));
    return new Program('haproxy', [findHaproxy(), '-db', '-f', file], { core });
  },
};

function findHaproxy(): string {
  return findCommand('haproxy') ?? 'haproxy';
}

function render(port: number, originPort: number): string {
  return `global
  nbthread 1
  maxconn 8192

defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always

frontend front
  bind 127.0.0.1:${port} backlog 4096
  option forwardfor
  default_backend origin

backend origin
  server origin 127.0.0.1:${originPort} pool-max-conn 256
`;
}
