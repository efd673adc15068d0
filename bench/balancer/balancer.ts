// A way from a Service's address to its backend. Each one gets a network namespace of its own with the backend in it, since
// connection tracking, once a rule needs it, costs every connection of its namespace.
import type { Cgroup } from '../machine/cgroup.ts';
import type { NetworkNamespace } from '../machine/network-namespace.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

interface BalancerSetting {
  readonly namespace: NetworkNamespace;
  /** Where the client runs. */
  readonly cgroup: Cgroup;
  readonly services: readonly ServiceEntry[];
  /** An empty folder. */
  readonly folder: string;
  /** For what must go on running. */
  readonly core: number;
  /** Takes it down again. */
  readonly stack: AsyncDisposableStack;
}

export interface ServiceEntry {
  readonly service: Target;
  readonly backend: Target;
}

export interface Balancer {
  readonly name: string;
  /** Installs what it needs. */
  prepare(say: (line: string) => void): void;
  version(): string;
  /** Makes every Service reachable, and returns what a client of the one under load calls. */
  setUp(setting: BalancerSetting, loaded: ServiceEntry): Promise<Target>;
}
