// The plain-Node baseline: the npm package http2-proxy on node:http, with the Node that we are pinned to.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { NODE } from '../machine/checkout.ts';
import { Program } from '../machine/program.ts';
import type { Peer } from './peer.ts';

const SERVER = fileURLToPath(new URL('./http2-proxy-server.ts', import.meta.url));

export const http2Proxy: Peer = {
  name: 'http2-proxy',
  prepare: () => undefined,
  version() {
    const { version } = createRequire(import.meta.url)('http2-proxy/package.json') as { version: string };
    return `${version} on Node ${process.versions.node}`;
  },
  start({ port, originPort, core }) {
    return new Program('http2-proxy', [NODE, SERVER, String(port), String(originPort)], { core });
  },
};
