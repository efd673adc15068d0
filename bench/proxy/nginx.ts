// nginx with every protocol. It takes no HTTP/2 beside HTTP/1.1 on one port, and sends gRPC one call at a time on a connection.
import { nginx as peer, startNginx } from '../peer/nginx.ts';
import { GRPC_PREFIX, WEBSOCKET_PATH, type Proxy, type ProxySetting } from './proxy.ts';

export const nginx: Proxy = {
  name: 'nginx',
  onePort: false,
  prepare: (say) => peer.prepare(say),
  version: () => peer.version(),
  start: (setting) => startNginx('nginx', setting.folder, setting.core, render(setting)),
};

// Buffers in memory that hold most of what is on its way; a larger answer never goes through a file.
const PROXY = `proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffer_size 16k;
      proxy_buffers 8 32k;
      proxy_max_temp_file_size 0;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;

function render({ ports, origins, certificate }: ProxySetting): string {
  const locations = `location / {
      ${PROXY}
      proxy_set_header Connection "";
    }
    location = ${WEBSOCKET_PATH} {
      ${PROXY}
      proxy_set_header Connection upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_read_timeout 600s;
    }
    location ${GRPC_PREFIX} {
      grpc_pass grpc://grpc;
      grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }`;
  const listen = (port: number, kind: string): string =>
    `listen 127.0.0.1:${port} ${kind} backlog=4096;`.replace('  ', ' ');
  return `${upstream('web', origins.web)}
  ${upstream('grpc', origins.grpc)}
  server {
    ${listen(ports.http, '')}
    ${listen(ports.h2c, 'http2')}
    ${listen(ports.https, 'ssl')}
    ssl_certificate ${certificate.certificate};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.3;
    ${locations}
  }`;
}

function upstream(name: string, port: number): string {
  return `upstream ${name} {
    server 127.0.0.1:${port};
    keepalive 256;
    keepalive_requests 1000000000;
  }`;
}
