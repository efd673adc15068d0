// nginx as a reverse proxy, as Debian ships it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, installCommands } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import type { Peer } from './peer.ts';

export const nginx: Peer = {
  name: 'nginx',
  prepare: (say) => installCommands([{ command: 'nginx', package: 'nginx-light' }], say),
  version: () => commandVersion(findNginx(), '-v'),
  start: ({ port, originPort, folder, core }) =>
    startNginx('nginx', folder, core, renderProxy(port, originPort)),
};

/** `http` is the inside of the http block. Also serves the origin. */
export function startNginx(name: string, folder: string, core: number, http: string): Program {
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, renderMain(folder, http));
  return new Program(name, [findNginx(), '-p', folder, '-c', file], { core });
}

function findNginx(): string {
  return findCommand('nginx') ?? 'nginx';
}

function renderMain(folder: string, http: string): string {
  // As root, workers would run as another user, who may not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join('\n  ');
  return `${user}
daemon off;
worker_processes 1;
error_log stderr error;
pid ${join(folder, 'pid')};
events { worker_connections 8192; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  ${temporary}
  ${http}
}
`;
}

function renderProxy(port: number, originPort: number): string {
  return `upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }`;
}
