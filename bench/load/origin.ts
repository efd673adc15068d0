// The origin behind every peer: nginx answering 1 KB from memory, on the load generator's core, and an echo of x-forwarded-for.
import { startNginx } from '../peer/nginx.ts';
import type { Program } from '../machine/program.ts';

export const BODY_BYTES = 1024;

export function startOrigin(port: number, folder: string, core: number): Program {
  const http = `server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type text/plain;
    location / { return 200 "${'x'.repeat(BODY_BYTES)}"; }
    location = /forwarded { return 200 "$http_x_forwarded_for"; }
  }`;
  return startNginx('origin', folder, core, http);
}
