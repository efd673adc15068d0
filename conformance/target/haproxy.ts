// HAProxy as Debian ships it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installCommands } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { findCommand } from '../test/machine.ts';
import { commandVersion } from './command-version.ts';
import type { Target, TargetRoute, TargetSetting } from './target.ts';

const RESPONSE_SECONDS = 10;

export const haproxy: Target = {
  name: 'haproxy',
  onePort: false,
  prepare: (say) => installCommands([{ command: 'haproxy', package: 'haproxy' }], say),
  version: () => `HAProxy ${commandVersion(findHaproxy(), '-v')}`,
  configure: (setting) => writeFileSync(configFile(setting.folder), render(setting)),
  start(setting) {
    haproxy.configure(setting);
    // Master and worker, so that SIGUSR2 reloads.
    return new Program('haproxy', [findHaproxy(), '-W', '-db', '-f', configFile(setting.folder)]);
  },
};

function findHaproxy(): string {
  return findCommand('haproxy') ?? 'haproxy';
}

function configFile(folder: string): string {
  return join(folder, 'haproxy.cfg');
}

function render({ ports, routes, certificate, responseSeconds = RESPONSE_SECONDS }: TargetSetting): string {
  const uses = routes
    .map(({ prefix }, index) => `  use_backend backend${index} if { path_beg ${prefix} }`)
    .sort((a, b) => b.length - a.length);
  return `global
  nbthread 1
  maxconn 8192
  tune.bufsize 32768

defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server ${responseSeconds}s
  timeout tunnel 600s
  timeout http-request 10s

frontend front
  bind 127.0.0.1:${ports.http}
  bind 127.0.0.1:${ports.h2c} proto h2
  bind 127.0.0.1:${ports.https} ssl crt ${certificate.both} alpn h2,http/1.1 ssl-min-ver TLSv1.2
  option forwardfor
${uses.join('\n')}

${routes.map(renderBackend).join('\n')}`;
}

function renderBackend({ protocol, backends }: TargetRoute, index: number): string {
  const options = protocol === 'h2c' ? ' proto h2' : '';
  return `backend backend${index}
  retry-on all-retryable-errors
  option redispatch
${backends.map((port, server) => `  server s${server} 127.0.0.1:${port}${options}`).join('\n')}
`;
}
