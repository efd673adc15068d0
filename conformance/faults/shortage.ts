// Too few descriptors, too little memory, too little of a core, a full disk: worse service, no end of it.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { findEnd } from '../case.ts';
import { KeepAliveClient } from '../drain/keep-alive-client.ts';
import { Load, USUAL_LOAD } from '../drain/load.ts';
import { renderLoad, summariseLoad } from '../drain/load-summary.ts';
import { Origin } from '../drain/origin.ts';
import { findFreePorts } from '../machine/port.ts';
import { run } from '../machine/run.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { gateway, route, service } from '../target/manifest.ts';
import { SluiceDirectory } from '../target/sluice-directory.ts';
import { LimitedGroup } from './limited-group.ts';
import { pause, type Fault } from './fault.ts';
import { awaitGood, isGood } from './good-client.ts';

const DESCRIPTORS = 256;
const CONNECTIONS = 400;
const RECOVERY_MS = 5000;
const MEMORY_MB = 384;
const MEMORY_MS = 10_000;
const CPU_SHARE = 0.2;
const LOG_BYTES = '64k';
const LIMITS = { timeoutMs: 5000 } as const;

interface Lab extends AsyncDisposable {
  readonly sluice: SluiceDirectory;
  readonly port: number;
}

export const fewDescriptors: Fault = {
  name: '18 descriptors',
  sluiceOnly: true,
  async run(context) {
    await using origin = await Origin.open('a');
    await using lab = await openLab(context, origin.port);
    const old = new KeepAliveClient({ port: lab.port, keepAlive: true });
    await old.request('/');
    const limit = ['prlimit', '--pid', String(lab.sluice.program.pid), `--nofile=${DESCRIPTORS}`];
    const { code, stderr } = await run(limit, LIMITS);
    if (code !== 0) return [{ id: 'all', wrong: [], skipped: `prlimit: ${stderr}` }];
    const sockets = await openMany(lab.port, CONNECTIONS);
    await pause(500);
    const head = await old.request('/').catch((error: Error) => error.message);
    for (const socket of sockets) socket.destroy();
    const recovery = await awaitGood(lab.port, RECOVERY_MS);
    old.close();
    return [
      {
        id: 'a connection that is there is served',
        wrong: isGood(head) ? [] : [head.split('\r\n', 1)[0] ?? ''],
      },
      {
        id: 'new ones are accepted afterwards',
        wrong: [...(recovery === undefined ? [`not within ${RECOVERY_MS / 1000} s`] : []), ...alive(lab)],
        ...(recovery === undefined ? {} : { figures: `${recovery.toFixed(0)} ms` }),
      },
    ];
  },
};

export const littleMemory: Fault = {
  name: '19 memory',
  sluiceOnly: true,
  async run(context) {
    using group = LimitedGroup.create('memory', MEMORY_MB << 20);
    if (group.obstacle !== undefined) return [{ id: 'all', wrong: [], skipped: group.obstacle }];
    await using stack = new AsyncDisposableStack();
    const deaf = stack.adopt(await openDeafBackend(), (server) => void server.close());
    const lab = stack.use(await openLab(context, (deaf.address() as AddressInfo).port));
    group.add(lab.sluice.program.pid);
    // Uploads that nobody reads: what the proxy holds for them must stay below its own limits.
    const sockets = await openMany(lab.port, 200);
    const body = Buffer.alloc(64 << 10);
    for (const socket of sockets) {
      socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n');
      const more = (): void => {
        while (socket.writable && socket.write(body));
      };
      socket.on('drain', more);
      more();
    }
    await pause(MEMORY_MS);
    const healthy = await fetch(`${lab.sluice.admin}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(
      () => undefined,
    );
    for (const socket of sockets) socket.destroy();
    return [
      {
        id: `200 uploads that nobody reads in ${MEMORY_MB} MB`,
        wrong: [...alive(lab), ...(healthy?.status === 200 ? [] : ['/healthz does not answer'])],
      },
    ];
  },
};

export const littleCpu: Fault = {
  name: '20 CPU',
  sluiceOnly: true,
  async run(context) {
    using group = LimitedGroup.create('cpu', CPU_SHARE);
    if (group.obstacle !== undefined) return [{ id: 'all', wrong: [], skipped: group.obstacle }];
    await using origin = await Origin.open('a');
    await using lab = await openLab(context, origin.port);
    group.add(lab.sluice.program.pid);
    const load = new Load({ port: lab.port, clients: 16, requestsPerSecond: 150 });
    const took: number[] = [];
    for (let asked = 0; asked < 10; asked += 1) {
      const begin = performance.now();
      await fetch(`${lab.sluice.admin}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(
        () => undefined,
      );
      took.push(performance.now() - begin);
      await pause(300);
    }
    const summary = summariseLoad(await load.stop());
    const slowest = Math.max(...took);
    return [
      { id: 'requests are served, later', wrong: summary.reasons, figures: renderLoad(summary) },
      {
        id: 'health within a second',
        wrong: slowest < 1000 ? [] : [`after ${slowest.toFixed(0)} ms`],
        figures: `${slowest.toFixed(0)} ms at most`,
      },
    ];
  },
};

export const fullDisk: Fault = {
  name: '28 full disk',
  sluiceOnly: true,
  async run(context) {
    const mount = join(context.folder, 'full');
    mkdirSync(mount);
    const mounted = await run(['mount', '-t', 'tmpfs', '-o', `size=${LOG_BYTES}`, 'tmpfs', mount], LIMITS);
    if (mounted.code !== 0) return [{ id: 'all', wrong: [], skipped: `mount: ${mounted.stderr.trim()}` }];
    try {
      await using origin = await Origin.open('a');
      await using lab = await openLab(context, origin.port, ['--access-log', join(mount, 'access.log')]);
      const load = new Load({ port: lab.port, ...USUAL_LOAD });
      await pause(3000);
      const summary = summariseLoad(await load.stop());
      const metrics = await (await fetch(`${lab.sluice.admin}/metrics`)).text();
      const dropped = Number(
        /^sluice_access_log_dropped_lines_total(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? 0,
      );
      return [
        { id: 'requests go on', wrong: [...summary.reasons, ...alive(lab)], figures: renderLoad(summary) },
        { id: 'lost lines are counted', wrong: dropped > 0 ? [] : ['none was'], figures: `${dropped}` },
      ];
    } finally {
      await run(['umount', mount], LIMITS);
    }
  },
};

async function openLab(
  { folder }: SuiteContext,
  backend: number,
  flags: readonly string[] = [],
): Promise<Lab> {
  const [port = 0] = await findFreePorts(1);
  const all = [
    ...gateway([{ name: 'http', protocol: 'HTTP', port }]),
    route('HTTPRoute', 'all', 'web'),
    ...service('web', 10, [backend]),
  ];
  const sluice = await SluiceDirectory.start({ parent: folder, files: { all }, flags });
  return { sluice, port, [Symbol.asyncDispose]: () => sluice[Symbol.asyncDispose]() };
}

/** Those that are not accepted wait, or are reset. */
async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => undefined);
  await Promise.race([Promise.allSettled(sockets.map((socket) => once(socket, 'connect'))), pause(3000)]);
  return sockets;
}

/** Accepts, and reads nothing. */
async function openDeafBackend(): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, (socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function alive({ sluice: { program } }: Lab): string[] {
  return findEnd(program);
}
