// nginx as a reverse proxy, as Debian ships it. It takes no HTTP/2 beside HTTP/1.1 on one port.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installCommands } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { findCommand } from '../test/machine.ts';
import { commandVersion } from './command-version.ts';
import type { Target, TargetRoute, TargetSetting } from './target.ts';

const RESPONSE_SECONDS = 10;
const UPGRADE = `proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;`;

export const nginx: Target = {
  name: 'nginx',
  onePort: false,
  prepare: (say) => installCommands([{ command: 'nginx', package: 'nginx-light' }], say),
  version: () => `nginx ${commandVersion(findNginx(), '-v')}`,
  configure: (setting) => writeFileSync(configFile(setting.folder), render(setting)),
  start(setting) {
    nginx.configure(setting);
    return new Program('nginx', [findNginx(), '-p', setting.folder, '-c', configFile(setting.folder)]);
  },
};

function findNginx(): string {
  return findCommand('nginx') ?? 'nginx';
}

function configFile(folder: string): string {
  return join(folder, 'nginx.conf');
}

function render({
  ports,
  routes,
  certificate,
  folder,
  responseSeconds = RESPONSE_SECONDS,
}: TargetSetting): string {
  // As root, workers would run as another user, who may not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join('\n  ');
  return `${user}
daemon off;
worker_processes 1;
error_log stderr error;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 8192; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 100000;
  client_header_timeout 10s;
  client_body_timeout 10s;
  client_max_body_size 64m;
  large_client_header_buffers 4 32k;
  proxy_read_timeout ${responseSeconds}s;
  ${temporary}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  ${routes.map(renderUpstream).join('\n  ')}
  server {
    listen 127.0.0.1:${ports.http};
    listen 127.0.0.1:${ports.h2c} http2;
    listen 127.0.0.1:${ports.https} ssl http2;
    ssl_certificate ${certificate.certificate};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ${routes.map(renderLocation).join('\n    ')}
  }
}
`;
}

function renderUpstream({ backends }: TargetRoute, index: number): string {
  const servers = backends.map((port) => `server 127.0.0.1:${port};`).join(' ');
  return `upstream backend${index} { ${servers} keepalive 64; }`;
}

function renderLocation({ prefix, protocol, websocket }: TargetRoute, index: number): string {
  if (protocol === 'h2c') return `location ${prefix} { grpc_pass grpc://backend${index}; }`;
  return `location ${prefix} {
      proxy_pass http://backend${index};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      ${websocket === true ? UPGRADE : 'proxy_set_header Connection "";'}
    }`;
}
