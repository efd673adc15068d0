// Standalone mode: a directory of YAML made true on this machine. Opens the parts in order and closes them in the other.
import { AdminServer } from '#gateway/admin/server';
import { Exposition } from '#gateway/observe/exposition';
import { AccessLogFile } from '#gateway/observe/access-log-file';
import { Proxy } from '#gateway/proxy/proxy';
import { DirectorySource } from '#resources/source/directory';
import type { SourceResult } from '#resources/source/source';
import { readVersion } from '../cli/version.ts';
import { attachDatapath, type AttachedDatapath } from './attach-datapath.ts';
import { datapathReadings } from './datapath-readings.ts';
import { Reconciler } from './reconciler.ts';
import type { DatapathState, Report } from './run-event.ts';
import type { RunOptions } from './run-options.ts';

/** A port that was in use is tried again this often (ms): whoever held it may be gone. */
const PORT_RETRY_MS = 5000;

export class Standalone {
  readonly #options: RunOptions;
  readonly #report: Report;
  readonly #source: DirectorySource;
  readonly #proxy: Proxy;
  readonly #kernel: AttachedDatapath;
  readonly #reconciler: Reconciler;
  readonly #admin: AdminServer;
  readonly #retry: NodeJS.Timeout;

  /**
   * Resolves when the first revision serves. Throws when a part cannot start, and then nothing of it stays behind; what an
   * earlier process left in the kernel goes on serving.
   */
  static async open(options: RunOptions, report: Report): Promise<Standalone> {
    await using stack = new AsyncDisposableStack();
    const source = DirectorySource.open(options.directory);
    const first = readFirst(source);
    const kernel = await attachDatapath(options);
    const { datapath } = kernel;
    stack.defer(() => datapath?.close({ keep: datapath.inheritance !== 'fresh' }));
    const proxy = await openProxy(options, kernel, report);
    stack.defer(() => proxy.close());
    const reconciler = new Reconciler({ source, proxy, datapath, report });
    const admin = await openAdmin(options.adminPort, proxy, kernel, reconciler);
    stack.defer(() => admin.close());
    await reconciler.offer(first);
    stack.move();
    const { engine, workers } = options;
    report({ event: 'ready', admin: admin.url, engine, workers, datapath: datapathState(kernel) });
    return new Standalone(options, report, source, proxy, kernel, reconciler, admin);
  }

  private constructor(
    options: RunOptions,
    report: Report,
    source: DirectorySource,
    proxy: Proxy,
    kernel: AttachedDatapath,
    reconciler: Reconciler,
    admin: AdminServer,
  ) {
    this.#options = options;
    this.#report = report;
    this.#source = source;
    this.#proxy = proxy;
    this.#kernel = kernel;
    this.#reconciler = reconciler;
    this.#admin = admin;
    source.watch((result) => void reconciler.offer(result));
    this.#retry = setInterval(() => void reconciler.retryPorts(), PORT_RETRY_MS);
  }

  /** For rotation by rename. Does nothing without an access log. */
  async reopenAccessLog(): Promise<void> {
    const path = this.#options.accessLog;
    if (path === undefined) return;
    this.#report({ event: 'access-log', path, error: await this.#proxy.reopenAccessLog() });
  }

  /**
   * Finishes what is in flight, unless `hurry` resolves before, then leaves nothing behind: no listener, link, pin or mount.
   * Returns whether it was hurried.
   */
  async close(hurry: Promise<unknown>): Promise<boolean> {
    clearInterval(this.#retry);
    this.#source.close();
    await this.#reconciler.settled();
    // First the kernel: no new connection may be steered to a proxy that is about to go.
    this.#kernel.datapath?.setProxy([]);
    const drained = this.#proxy.drain(this.#options.drainMs).then(() => false);
    const hurried = await Promise.race([drained, hurry.then(() => true)]);
    this.#kernel.datapath?.close({ keep: false });
    await this.#proxy.close();
    await this.#admin.close();
    return hurried;
  }
}

/** Nothing is served, and nothing taken from the kernel, in the name of a directory that cannot be read. */
function readFirst(source: DirectorySource): SourceResult {
  const result = source.load();
  const unreadable = result.findings.find(({ code }) => code === 'SLU0115');
  if (unreadable === undefined) return result;
  const { file, message } = unreadable;
  throw new Error(`${file}: ${message}. Mend: name a directory (or one file) of manifests`);
}

function openProxy(options: RunOptions, kernel: AttachedDatapath, report: Report): Promise<Proxy> {
  const { workers, bind, limits, engine, accessLog } = options;
  // Here it can be said plainly; in a worker it would be a thread that died.
  if (accessLog !== undefined) AccessLogFile.open(accessLog).close();
  return Proxy.open({
    workers,
    bind,
    limits,
    engine,
    ...(accessLog === undefined ? {} : { accessLog: { path: accessLog } }),
    ...(kernel.datapath === undefined ? {} : { originalDestination: kernel.datapath.originalDestination() }),
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
