// A gateway that a suite can judge. All are set up alike: one worker, loopback only, no access log; every path to an HTTP/1.1
// backend but for the routes that a suite adds.
import type { Certificate } from '../machine/certificate.ts';
import type { Program } from '../machine/program.ts';

/** Ports of 127.0.0.1 by what clients speak there. Those of one listener may be the same. */
export interface FrontPorts {
  readonly http: number;
  /** HTTP/2 by prior knowledge. */
  readonly h2c: number;
  /** TLS 1.2 and 1.3, ALPN h2 and http/1.1. */
  readonly https: number;
}

/** What a backend behind a route speaks. */
type BackendProtocol = 'http1' | 'h2c';

export interface TargetRoute {
  /** The path begins with it. */
  readonly prefix: string;
  readonly protocol: BackendProtocol;
  /** Ports of 127.0.0.1, of equal weight. */
  readonly backends: readonly number[];
  /** WebSockets go there: where it must be asked for, it is. */
  readonly websocket?: boolean;
}

export interface TargetSetting {
  readonly ports: FrontPorts;
  /** One with prefix '/' must be there; a longer prefix goes first. */
  readonly routes: readonly TargetRoute[];
  readonly certificate: Certificate;
  /** For its configuration. Writing it again and reloading changes the routes. */
  readonly folder: string;
  /** Seconds for a backend to begin its answer; default 10. */
  readonly responseSeconds?: number;
  /** More flags, for Sluice alone. */
  readonly flags?: readonly string[];
  /** More of the environment, for Sluice alone. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Target {
  readonly name: string;
  /** Installs what it needs. */
  prepare(say: (line: string) => void): void;
  /** One line. */
  version(): string;
  /** HTTP/1.1 and HTTP/2 share one port, so that of the FrontPorts h2c is http. */
  readonly onePort: boolean;
  /** Writes the configuration without starting anything. */
  configure(setting: TargetSetting): void;
  /** Configures and starts. It may not listen yet: see awaitPort. */
  start(setting: TargetSetting): Program;
}
