// A proxy in the engine bench. One configuration serves every scenario: HTTP/1.1, HTTP/2 by prior knowledge and TLS from clients, to an
// origin that speaks HTTP/1.1 and one that speaks gRPC. All alike: one worker thread, keep-alive on both sides, x-forwarded-for
// added, no access log, and of what a proxy lets its user tune, what serves it best.
import { GRPC_METHOD, GRPC_SERVICE } from '../load/grpc-message.ts';
import type { Certificate } from '../machine/certificate.ts';
import type { Program } from '../machine/program.ts';

/** Paths under it go to the gRPC origin, all others to the web origin. */
export const GRPC_PREFIX: string = `/${GRPC_SERVICE}/`;
export const GRPC_PATH: string = `${GRPC_PREFIX}${GRPC_METHOD}`;
/** A WebSocket to the web origin. */
export const WEBSOCKET_PATH = '/ws';

/** Ports of 127.0.0.1 by what clients speak there. */
export interface FrontPorts {
  readonly http: number;
  readonly h2c: number;
  /** TLS 1.3 before HTTP/1.1. */
  readonly https: number;
}

/** Ports of 127.0.0.1. */
export interface OriginPorts {
  readonly web: number;
  readonly grpc: number;
}

export interface ProxySetting {
  readonly ports: FrontPorts;
  readonly origins: OriginPorts;
  readonly certificate: Certificate;
  /** An empty folder for its configuration. */
  readonly folder: string;
  readonly core: number;
}

export interface Proxy {
  readonly name: string;
  /** One port is for HTTP/1.1 and HTTP/2, so that of the FrontPorts h2c is http. */
  readonly onePort: boolean;
  /** Installs what it needs. */
  prepare(say: (line: string) => void): void;
  /** One line, for the result. */
  version(): string;
  start(setting: ProxySetting): Program;
}
