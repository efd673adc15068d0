// Makes each state of the source true: translate, then the proxy, then the kernel. Changes are applied one after another; of
// those that arrive meanwhile only the newest is applied. What cannot be applied is a finding, and what was before stays.
import type { Datapath } from '#datapath/datapath';
import { EMPTY_DESIRED, type Desired } from '#datapath/desired';
import type { ProxyListener } from '#datapath/services/listener-map';
import { EMPTY_SNAPSHOT, type Snapshot } from '#gateway/model/snapshot';
import type { ApplyReport, Proxy } from '#gateway/proxy/proxy';
import { portName } from '#gateway/proxy/port-key';
import type { RedirectListener } from '#gateway/proxy/proxy-sockets';
import { listServiceTargets } from '#gateway/translate/service-targets';
import { translate } from '#gateway/translate/translate';
import { makeFinding, type Finding } from '#resources/finding';
import { countObjects, type Resources } from '#resources/store/resources';
import type { DirectorySource } from '#resources/source/directory';
import type { SourceResult } from '#resources/source/source';
import { placeFinding } from '../analyze/analysis.ts';
import { CONTROLLER_NAME, IMPLIED_CLASS } from '../controller-name.ts';
import { messageOf } from '../error-message.ts';
import { composeDesired } from './compose-desired.ts';
import { FindingLog } from './finding-log.ts';
import { withLeaving } from './leaving.ts';
import type { Report } from './run-event.ts';

export interface ReconcilerParts {
  readonly source: DirectorySource;
  readonly proxy: Proxy;
  readonly datapath: Datapath | undefined;
  readonly report: Report;
}

export class Reconciler {
  readonly findings: FindingLog;
  /** What the proxy serves, and since when (ms since 1970, 0: never yet). */
  snapshot: Snapshot = EMPTY_SNAPSHOT;
  appliedAt = 0;
  /** What the kernel has taken. */
  desired: Desired = EMPTY_DESIRED;
  readonly #parts: ReconcilerParts;
  /** The snapshot with what is just leaving: as the proxy has it. */
  #served: Snapshot = EMPTY_SNAPSHOT;
  #portStates: ReadonlyMap<string, string> = new Map();
  #waiting: (() => Promise<void>) | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.findings = new FindingLog(parts.report);
  }

  /** Resolves when nothing waits any more. Rejects when the first state cannot be applied; later it is a finding. */
  offer(result: SourceResult): Promise<void> {
    return this.#enqueue(() => this.#apply(result));
  }

  /** Tries ports that could not be opened once more; a change that waits already does that. */
  async retryPorts(): Promise<void> {
    if (
      this.#running !== undefined ||
      ![...this.#portStates.values()].some((state) => state.startsWith('failed'))
    )
      return;
    await this.#enqueue(async () => this.#tellPorts(await this.#parts.proxy.apply(this.#served)));
  }

  /** Resolves when what was offered is applied. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#waiting = work;
    this.#running ??= this.#drain().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #drain(): Promise<void> {
    for (let work = this.#waiting; work !== undefined; work = this.#waiting) {
      this.#waiting = undefined;
      try {
        await work();
        this.findings.set('change', []);
      } catch (error) {
        // A defect. What serves goes on: nobody is helped by a proxy that ends here.
        if (this.appliedAt === 0) throw error;
        this.findings.set('change', [makeFinding('SLU0303', { message: messageOf(error) })]);
      }
    }
  }

  async #apply({ resources, findings }: SourceResult): Promise<void> {
    const begin = performance.now();
    const { source, proxy, datapath, report } = this.#parts;
    const translated = translate(resources, {
      controllerName: CONTROLLER_NAME,
      impliedClass: IMPLIED_CLASS,
      previousRevision: this.snapshot.revision,
      now: Date.now(),
    });
    const { snapshot } = translated;
    const all = [...findings, ...translated.findings.map((finding) => placeFinding(finding, source))];
    // The proxy first: it must know a Service before the kernel sends it connections for it.
    const served = withLeaving(snapshot, this.snapshot);
    const applied = await proxy.apply(served);
    if (applied.refused !== undefined)
      throw new Error(`the proxy refused revision ${snapshot.revision}: ${applied.refused}`);
    this.snapshot = snapshot;
    this.#served = served;
    this.findings.set('configuration', all);
    if (datapath !== undefined)
      this.findings.set('kernel', this.#steer(datapath, snapshot.revision, resources));
    // Last of all, the first time: Services that an earlier process left in the kernel are refused until both sides know the
    // same, instead of being cut by a proxy that does not know them.
    if (this.appliedAt === 0) datapath?.setProxy(flatten(proxy.redirectListeners()));
    this.appliedAt = Date.now();
    this.#tellPorts(applied);
    report({
      event: 'applied',
      revision: snapshot.revision,
      objects: countObjects(resources),
      errors: all.filter(({ level }) => level === 'error').length,
      warnings: all.filter(({ level }) => level === 'warning').length,
      milliseconds: performance.now() - begin,
    });
  }

  #steer(datapath: Datapath, revision: number, resources: Resources): readonly Finding[] {
    const desired = composeDesired(revision, listServiceTargets(resources));
    try {
      const result = datapath.apply(desired);
      if (result.kind === 'applied') this.desired = desired;
      return result.kind === 'applied' ? [] : result.errors.map((error) => makeFinding('SLU0302', error));
    } catch (error) {
      return [makeFinding('SLU0302', { message: messageOf(error) })];
    }
  }

  #tellPorts({ ports }: ApplyReport): void {
    const failed: Finding[] = [];
    const states = new Map<string, string>();
    for (const { port, transport, state, detail, mend } of ports) {
      const name = portName(transport, port);
      if (state === 'failed')
        failed.push(makeFinding('SLU0301', { message: `port ${name}: ${detail}`, mend }));
      if ((this.#portStates.get(name) ?? '') !== `${state} ${detail}`)
        this.#parts.report({ event: 'port', port, transport, state, detail });
      states.set(name, `${state} ${detail}`);
    }
    this.#portStates = states;
    this.findings.set('ports', failed);
  }
}

/** The datapath wants each socket: redirected connections are refused once none of them lives. */
function flatten(listeners: readonly RedirectListener[]): ProxyListener[] {
  return listeners.flatMap(({ family, address, port, fds }) =>
    fds.map((fd) => ({ family, address, port, fd })),
  );
}
