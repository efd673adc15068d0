// Envoy with every protocol.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../machine/program.ts';
import { ENVOY_BINARY, ENVOY_FLAGS, envoy as peer } from '../peer/envoy.ts';
import { GRPC_PREFIX, type Proxy, type ProxySetting } from './proxy.ts';

const API = 'type.googleapis.com/envoy.extensions';

export const envoy: Proxy = {
  name: 'envoy',
  onePort: false,
  prepare: (say) => peer.prepare(say),
  version: () => peer.version(),
  start(setting) {
    const file = join(setting.folder, 'envoy.json');
    writeFileSync(file, JSON.stringify(render(setting)));
    return new Program('envoy', [ENVOY_BINARY, '-c', file, ...ENVOY_FLAGS], { core: setting.core });
  },
};

function render({ ports, origins, certificate }: ProxySetting): object {
  const chain = (codec: string): object => ({
    filters: [{ name: 'http', typed_config: connectionManager(codec) }],
  });
  const socket = {
    name: 'tls',
    typed_config: {
      '@type': `${API}.transport_sockets.tls.v3.DownstreamTlsContext`,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
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
        listener('https', ports.https, { ...chain('HTTP1'), transport_socket: socket }),
      ],
      clusters: [
        cluster('web', origins.web),
        { ...cluster('grpc', origins.grpc), typed_extension_protocol_options: http2Upstream() },
      ],
    },
  };
}

function listener(name: string, port: number, filterChain: object): object {
  return { name, address: address(port), tcp_backlog_size: 4096, filter_chains: [filterChain] };
}

function connectionManager(codec: string): object {
  const route = (prefix: string, to: string): object => ({ match: { prefix }, route: { cluster: to } });
  return {
    '@type': `${API}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'front',
    codec_type: codec,
    generate_request_id: false,
    use_remote_address: true,
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    stream_idle_timeout: '600s',
    route_config: {
      name: 'routes',
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [route(GRPC_PREFIX, 'grpc'), route('/', 'web')] },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${API}.filters.http.router.v3.Router`, suppress_envoy_headers: true },
      },
    ],
  };
}

function cluster(name: string, port: number): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '5s',
    circuit_breakers: {
      thresholds: [{ max_connections: 100_000, max_pending_requests: 100_000, max_requests: 100_000 }],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
  };
}

function http2Upstream(): object {
  const options = `${API}.upstreams.http.v3.HttpProtocolOptions`;
  return {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': options,
      explicit_http_config: { http2_protocol_options: {} },
    },
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
