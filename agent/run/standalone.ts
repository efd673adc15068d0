// Standalone mode: a directory of YAML made true on this machine. Opens the parts in order and closes them in the other.
import { AdminServer } from '#gateway/admin/server';
import { Exposition } from '#gateway/observe/exposition';
import { AccessLogFile } from '#gateway/observe/access-log-file';
import { Proxy } from '#gateway/proxy/proxy';
import type { HandedSockets } from '#gateway/proxy/proxy-sockets';
import { DirectorySource } from '#resources/source/directory';
import type { SourceResult } from '#resources/source/source';
import { readVersion } from '../cli/version.ts';
import { attachDatapath, type AttachedDatapath } from './attach-datapath.ts';
import { datapathReadings } from './datapath-readings.ts';
import type { Handover } from './handover/handover.ts';
import type { Predecessor } from './handover/take-over.ts';
import { Reconciler } from './reconciler.ts';
import type { DatapathState, Report } from './run-event.ts';
import type { RunOptions } from './run-options.ts';

/** A port that was in use is tried again this often (ms): whoever held it may be gone. */
const PORT_RETRY_MS = 5000;

/** What is open, in the order of opening. */
interface Parts {
  readonly source: DirectorySource;
  readonly kernel: AttachedDatapath;
  readonly proxy: Proxy;
  readonly reconciler: Reconciler;
  admin: AdminServer;
}

export class Standalone {
  /** Resolves when another process has taken over; never without --upgrade-socket. */
  readonly succeeded: Promise<undefined>;
  readonly #options: RunOptions;
  readonly #report: Report;
  readonly #parts: Parts;
  readonly #handover: Handover | undefined;
  readonly #retry: NodeJS.Timeout;
  /** Another process is taking over: changes wait, and are lost if it does. */
  #paused = false;
  #held: SourceResult | undefined;

  /**
   * Resolves when the first revision serves. Throws when a part cannot start, and then nothing of it stays behind; what an
   * earlier process left in the kernel goes on serving, and a process that was to hand over goes on as well.
   */
  static async open(given: RunOptions, report: Report): Promise<Standalone> {
    await using stack = new AsyncDisposableStack();
    const source = DirectorySource.open(given.directory);
    const first = readFirst(source);
    const predecessor = await findPredecessor(given);
    stack.defer(() => predecessor?.abandon());
    // Its sockets are one per worker.
    const options = predecessor === undefined ? given : { ...given, workers: predecessor.workers };
    const kernel = await attachDatapath(options);
    const { datapath } = kernel;
    stack.defer(() => datapath?.close({ keep: datapath.inheritance !== 'fresh' }));
    const proxy = await openProxy(options, kernel, report, predecessor?.sockets);
    stack.defer(() => proxy.close());
    const reconciler = new Reconciler({ source, proxy, datapath, report });
    const parts: Parts = {
      source,
      kernel,
      proxy,
      reconciler,
      admin: await openAdmin(options.adminPort, proxy, kernel, reconciler),
    };
    stack.defer(() => parts.admin.close());
    await reconciler.offer(first);
    predecessor?.serving();
    const standalone = new Standalone(options, report, parts, await loadHandover(options));
    stack.move();
    const { engine, workers } = options;
    const admin = parts.admin.url;
    report({ event: 'ready', admin, engine, workers, datapath: datapathState(kernel) });
    return standalone;
  }

  private constructor(
    options: RunOptions,
    report: Report,
    parts: Parts,
    HandoverClass: typeof Handover | undefined,
  ) {
    this.#options = options;
    this.#report = report;
    this.#parts = parts;
    this.#handover = HandoverClass?.open(options.upgradeSocket ?? '', {
      workers: options.workers,
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      report: (detail) => report({ event: 'handover', detail }),
    });
    this.succeeded = this.#handover?.done.then(() => undefined) ?? new Promise(() => {});
    parts.source.watch((result) => this.#offer(result));
    this.#retry = setInterval(() => {
      if (!this.#paused) void parts.reconciler.retryPorts();
    }, PORT_RETRY_MS);
  }

  /** For rotation by rename. Does nothing without an access log. */
  async reopenAccessLog(): Promise<void> {
    const path = this.#options.accessLog;
    if (path === undefined) return;
    this.#report({ event: 'access-log', path, error: await this.#parts.proxy.reopenAccessLog() });
  }

  /**
   * Finishes what is in flight, unless `hurry` resolves before, then leaves nothing behind: no listener, link, pin or mount.
   * Returns whether it was hurried.
   */
  async close(hurry: Promise<unknown>): Promise<boolean> {
    const { kernel, proxy, admin } = this.#parts;
    await this.#stopChanges();
    // First the kernel: no new connection may be steered to a proxy that is about to go.
    kernel.datapath?.setProxy([]);
    const hurried = await unlessHurried(proxy.drain(this.#options.drainMs), hurry);
    kernel.datapath?.close({ keep: false });
    await proxy.close();
    await admin.close();
    return hurried;
  }

  /**
   * After `succeeded`: finishes what is in flight. A signal to stop shortens that to --drain-timeout, a second one ends it.
   * Returns whether it was hurried.
   */
  async leave(stop: Promise<unknown>, hurry: Promise<unknown>): Promise<boolean> {
    const { kernel, proxy } = this.#parts;
    const { handoverMs, drainMs } = this.#options;
    await this.#stopChanges();
    let hurried = false;
    if (await unlessHurried(proxy.drain(handoverMs, { handedOver: true }), stop))
      hurried = await unlessHurried(proxy.drain(drainMs), hurry);
    kernel.datapath?.close({ keep: true });
    await proxy.close();
    return hurried;
  }

  #offer(result: SourceResult): void {
    if (this.#paused) this.#held = result;
    else void this.#parts.reconciler.offer(result);
  }

  async #stopChanges(): Promise<void> {
    clearInterval(this.#retry);
    await this.#handover?.close();
    this.#parts.source.close();
    await this.#parts.reconciler.settled();
  }

  async #pause(): Promise<readonly HandedSockets[]> {
    const { kernel, proxy, reconciler, admin } = this.#parts;
    this.#paused = true;
    await reconciler.settled();
    await admin.close();
    kernel.datapath?.cede();
    return proxy.handed;
  }

  async #resume(): Promise<void> {
    const parts = this.#parts;
    parts.kernel.datapath?.reclaim();
    parts.admin = await openAdmin(this.#options.adminPort, parts.proxy, parts.kernel, parts.reconciler);
    this.#paused = false;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await parts.reconciler.offer(held);
  }
}

/** Whether `hurry` came before `done`. */
function unlessHurried(done: Promise<unknown>, hurry: Promise<unknown>): Promise<boolean> {
  return Promise.race([done.then(() => false), hurry.then(() => true)]);
}

async function findPredecessor(options: RunOptions): Promise<Predecessor | undefined> {
  const { upgradeSocket, engine } = options;
  if (upgradeSocket === undefined) return undefined;
  if (engine === 'net')
    throw new Error(
      '--upgrade-socket: the net engine has no sockets to hand over. Mend: use --engine epoll, or leave it out',
    );
  const { takeOver } = await import('./handover/take-over.ts');
  return takeOver(upgradeSocket, readVersion());
}

/** Not before it is wanted: it calls C, and there are machines where that cannot be. */
async function loadHandover({ upgradeSocket }: RunOptions): Promise<typeof Handover | undefined> {
  return upgradeSocket === undefined ? undefined : (await import('./handover/handover.ts')).Handover;
}

/** Nothing is served, and nothing taken from the kernel, in the name of a directory that cannot be read. */
function readFirst(source: DirectorySource): SourceResult {
  const result = source.load();
  const unreadable = result.findings.find(({ code }) => code === 'SLU0115');
  if (unreadable === undefined) return result;
  const { file, message } = unreadable;
  throw new Error(`${file}: ${message}. Mend: name a directory (or one file) of manifests`);
}

function openProxy(
  options: RunOptions,
  kernel: AttachedDatapath,
  report: Report,
  inherited: readonly HandedSockets[] | undefined,
): Promise<Proxy> {
  const { workers, bind, limits, engine, accessLog, trustedHops } = options;
  // Here it can be said plainly; in a worker it would be a thread that died.
  if (accessLog !== undefined) AccessLogFile.open(accessLog).close();
  return Proxy.open({
    workers,
    bind,
    limits,
    engine,
    trustedHops,
    ...(accessLog === undefined ? {} : { accessLog: { path: accessLog } }),
    ...(kernel.datapath === undefined ? {} : { originalDestination: kernel.datapath.originalDestination() }),
    ...(inherited === undefined ? {} : { inherited }),
    onTrouble: (worker, detail) => report({ event: 'worker', worker, detail }),
  });
}

function openAdmin(
  port: number,
  proxy: Proxy,
  kernel: AttachedDatapath,
  reconciler: Reconciler,
): Promise<AdminServer> {
  const exposition = new Exposition({
    version: readVersion(),
    series: proxy.series,
    recorders: () => proxy.recorders,
    snapshot: () => reconciler.snapshot,
    appliedAt: () => reconciler.appliedAt,
    findings: () => reconciler.findings.all,
    workers: () => proxy.recorders.length,
    extra: datapathReadings(kernel.datapath, () => reconciler.desired),
  });
  return AdminServer.open({
    port,
    exposition,
    notReady: () => (reconciler.appliedAt === 0 ? ['the first revision is not applied yet'] : []),
    snapshot: () => reconciler.snapshot,
    findings: () => reconciler.findings.all,
  });
}

function datapathState(kernel: AttachedDatapath): DatapathState {
  if (kernel.datapath === undefined) return { active: false, reason: kernel.reason };
  return { active: true, cgroup: kernel.cgroup, inheritance: kernel.datapath.inheritance };
}
