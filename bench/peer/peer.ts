// A proxy under comparison. Each peer is configured alike: one worker thread, keep-alive on both sides, x-forwarded-for added,
// no access log, every path to one origin.
import type { Program } from '../machine/program.ts';

interface PeerSetting {
  /** 127.0.0.1 port to listen on. */
  readonly port: number;
  /** 127.0.0.1 port of the origin. */
  readonly originPort: number;
  /** An empty folder for its configuration. */
  readonly folder: string;
  readonly core: number;
}

export interface Peer {
  readonly name: string;
  /** Installs what it needs. */
  prepare(say: (line: string) => void): void;
  /** One line, for the result. */
  version(): string;
  start(setting: PeerSetting): Program;
}
