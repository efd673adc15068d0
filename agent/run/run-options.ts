// What `sluice run` was asked to do, after its flags were parsed.
import type { Limits } from '#gateway/proxy/limits';

export interface RunOptions {
  readonly directory: string;
  /** Address of the Gateway listeners. */
  readonly bind: string;
  readonly workers: number;
  readonly engine: 'epoll' | 'net';
  /** Why C cannot be called here; undefined where it can, or where nobody tried. */
  readonly ffiObstacle: string | undefined;
  readonly adminPort: number;
  /** Path of the access log, '-' for standard output; undefined for none. */
  readonly accessLog: string | undefined;
  /** False: the proxy alone. */
  readonly datapath: boolean;
  /** The cgroup v2 directory whose processes are steered; undefined: the root, which is every process. */
  readonly cgroup: string | undefined;
  /** Directory of pins and lock. */
  readonly state: string;
  /** Proxies in front that are believed. */
  readonly trustedHops: number;
  readonly drainMs: number;
  /** Where a process that serves hands over to the next; undefined for nowhere. */
  readonly upgradeSocket: string | undefined;
  /** How long connections may stay with the process that has handed over. */
  readonly handoverMs: number;
  readonly limits: Limits;
}
