// `sluice run`: serves a directory of YAML until it is told to stop.
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { LIMITS, type LimitName, type Limits } from '#gateway/proxy/limits';
import { EXIT, UsageError, type Command, type Given } from '../cli/command.ts';
import { OUTPUT, type Flag } from '../cli/flag.ts';
import { limitFlag } from './limit-flag.ts';
import { createReport } from './run-event.ts';
import type { RunOptions } from './run-options.ts';
import { Signals } from './signals.ts';

const FLAGS: readonly Flag[] = [
  {
    name: 'bind',
    type: 'text',
    value: 'ADDRESS',
    default: '127.0.0.1',
    doc: 'address of the Gateway listeners; 0.0.0.0 or :: opens them to the network',
  },
  {
    name: 'workers',
    type: 'integer',
    value: 'N',
    default: 0,
    least: 0,
    most: 64,
    doc: 'proxy threads; 0: one per core',
  },
  {
    name: 'engine',
    type: 'text',
    value: 'ENGINE',
    choices: ['auto', 'epoll', 'net'],
    default: 'auto',
    doc: 'epoll: system calls from TypeScript; net: node:net, slower, where FFI is not allowed; auto: the best that works',
  },
  {
    name: 'admin-port',
    type: 'integer',
    value: 'PORT',
    default: 9962,
    most: 65_535,
    doc: 'port of /metrics, /healthz, /readyz and /config on 127.0.0.1; 0 takes any',
  },
  {
    name: 'access-log',
    type: 'text',
    value: 'PATH',
    default: 'off',
    doc: "file that gets one JSON line a request; '-' for standard output, 'off' for none",
  },
  {
    name: 'trusted-hops',
    type: 'integer',
    value: 'N',
    default: 0,
    most: 16,
    doc: 'proxies in front of this one that are believed: the access log names the client that the outermost of them saw, and their X-Forwarded-Proto is kept',
  },
  { name: 'no-datapath', type: 'boolean', doc: 'the proxy alone: the kernel steers nothing' },
  {
    name: 'cgroup',
    type: 'text',
    value: 'DIR',
    doc: 'cgroup v2 directory whose processes are steered; default: its root, which is every process. Given, it is an error when the kernel cannot steer',
  },
  {
    name: 'state',
    type: 'text',
    value: 'DIR',
    default: '/run/sluice',
    doc: 'directory of the pinned maps and programs, and of the lock',
  },
  {
    name: 'drain-timeout',
    type: 'duration',
    value: 'TIME',
    default: 10_000,
    doc: 'how long requests in flight may take to finish when it is told to stop',
  },
  {
    name: 'upgrade-socket',
    type: 'text',
    value: 'PATH',
    default: 'off',
    doc: "socket at which a newer process takes over: started with the same PATH, it gets the listeners and serves, and this one finishes what it has; 'off' for none",
  },
  {
    name: 'handover-timeout',
    type: 'duration',
    value: 'TIME',
    default: 600_000,
    doc: 'how long connections may stay with a process that has handed over',
  },
  ...LIMITS.map(limitFlag),
  OUTPUT,
];

export const command: Command = {
  name: 'run',
  summary: 'serve the Gateways, HTTPRoutes and Services of a directory on this machine',
  description: [
    'Opens the listeners of every Gateway of class sluice, and, as root on a kernel with BPF, steers connections to Service addresses: to a backend, ' +
      'or through the proxy where an HTTPRoute is attached to the Service. Edits of the directory are applied while it runs; what is wrong is reported ' +
      'and the last good content goes on being served.',
    'SIGTERM and SIGINT finish what is in flight and leave nothing behind; a second one cuts off what is still in flight. Exit code 0 after a stop, 1 ' +
      'when it could not start or was stopped by a second signal. SIGHUP opens the access log anew, for rotation by rename.',
    'With --upgrade-socket a second process with the same flag takes the place of the first: it inherits the listening sockets, so that no connection is ' +
      'refused, and the first one goes on with its connections, tells its clients to come anew with their next request, and ends with exit code 0 when all have gone.',
  ],
  arguments: [
    { name: 'DIR', required: true, doc: 'directory (or one file) of .yaml, .yml and .json manifests' },
  ],
  flags: FLAGS,
  examples: [
    { command: 'sluice run examples/canary', doc: 'a canary behind a Gateway and a Service' },
    {
      command: 'sluice run DIR --no-datapath --bind 0.0.0.0 --access-log -',
      doc: 'a plain gateway, open to the network',
    },
  ],
  run,
};

async function run(given: Given): Promise<number> {
  const signals = new Signals();
  const report = createReport(given.json ? 'json' : 'text');
  const { Standalone } = await import('./standalone.ts');
  const standalone = await Standalone.open(await readOptions(given), report);
  signals.onReopen(() => void standalone.reopenAccessLog());
  const signal = await Promise.race([signals.stop, standalone.succeeded]);
  report(signal === undefined ? { event: 'handed-over' } : { event: 'stopping', signal });
  const hurried =
    signal === undefined
      ? await standalone.leave(signals.stop, signals.hurry)
      : await standalone.close(signals.hurry);
  report({ event: 'stopped' });
  return hurried ? EXIT.failed : EXIT.ok;
}

async function readOptions(given: Given): Promise<RunOptions> {
  const { chooseEngine } = await import('./choose-engine.ts');
  const limits = Object.fromEntries(LIMITS.map(({ name, flag }) => [name, given.number(flag.slice(2))]));
  const accessLog = given.text('access-log')!;
  const bind = given.text('bind')!;
  if (isIP(bind) === 0)
    throw new UsageError(`flag --bind must be an IPv4 or IPv6 address, not ${JSON.stringify(bind)}.`);
  const upgradeSocket = given.text('upgrade-socket')!;
  const { engine, obstacle } = await chooseEngine(given.text('engine') as 'auto' | 'epoll' | 'net');
  return {
    directory: given.argument(0),
    bind,
    workers: given.number('workers') || availableParallelism(),
    engine,
    ffiObstacle: obstacle,
    adminPort: given.number('admin-port'),
    accessLog: accessLog === 'off' ? undefined : accessLog,
    datapath: !given.on('no-datapath'),
    cgroup: given.text('cgroup'),
    state: given.text('state')!,
    trustedHops: given.number('trusted-hops'),
    drainMs: given.number('drain-timeout'),
    upgradeSocket: upgradeSocket === 'off' ? undefined : upgradeSocket,
    handoverMs: given.number('handover-timeout'),
    limits: limits as Record<LimitName, number> satisfies Limits,
  };
}
