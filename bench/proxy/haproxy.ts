// HAProxy with every protocol.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { haproxy as peer } from '../peer/haproxy.ts';
import { GRPC_PREFIX, type Proxy, type ProxySetting } from './proxy.ts';

export const haproxy: Proxy = {
  name: 'haproxy',
  onePort: false,
  prepare: (say) => peer.prepare(say),
  version: () => peer.version(),
  start(setting) {
    const file = join(setting.folder, 'haproxy.cfg');
    writeFileSync(file, render(setting));
    return new Program('haproxy', [findCommand('haproxy') ?? 'haproxy', '-db', '-f', file], {
      core: setting.core,
    });
  },
};

function render({ ports, origins, certificate }: ProxySetting): string {
  return `global
  nbthread 1
  maxconn 8192
  tune.bufsize 32768

defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  http-reuse always

frontend front
  bind 127.0.0.1:${ports.http} backlog 4096
  bind 127.0.0.1:${ports.h2c} proto h2 backlog 4096
  bind 127.0.0.1:${ports.https} ssl crt ${certificate.both} ssl-min-ver TLSv1.3 backlog 4096
  option forwardfor
  use_backend grpc if { path_beg ${GRPC_PREFIX} }
  default_backend web

backend web
  server web 127.0.0.1:${origins.web} pool-max-conn 256

backend grpc
  server grpc 127.0.0.1:${origins.grpc} proto h2
`;
}
