// The node's datapath: the socket programs of one cgroup and the Services that they know.
//
//   open()    claims the state directory, adopts the maps that an earlier process left or makes new ones, loads the programs
//   apply()   builds a revision and flips to it; the first one also attaches the programs, or puts them in place of older
//   close()   keep: programs and maps stay and go on working; else nothing stays
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BpfMap } from '#native/bpf/map';
import { loadObject, type LoadedObject } from '#native/bpf/object';
import { ObjectSpec } from '#native/bpf/object-spec';
import { DatapathError } from './datapath-error.ts';
import { readStats, type DatapathStats } from './datapath-stats.ts';
import type { Desired } from './desired.ts';
import { LAYOUT_ID } from './layout.gen.ts';
import type { PlanError } from './plan/plan-error.ts';
import { planServices } from './plan/services.ts';
import { ListenerMap, type ProxyListener } from './services/listener-map.ts';
import { RevisionMap } from './services/revision-map.ts';
import { closeCgroup, openCgroup, type Cgroup } from './state/cgroup.ts';
import { BALANCE_HOOKS, HookLinks, REDIRECT_HOOKS, type Attachments, type Hook } from './state/hook-links.ts';
import { MapPins } from './state/map-pins.ts';
import { StateDirectory } from './state/state-directory.ts';

const OBJECT = new URL('../bpf/sock.bpf.o', import.meta.url);
/** By subpath, so that it is found as .ts from a checkout and as .js from a build. */
const ORIGINAL_DESTINATION = import.meta.resolve('#datapath/services/original-destination');

/** The template of a revision's hash: each revision has its own map. */
const TEMPLATE = 'services';

export interface DatapathOptions {
  /** Path of the cgroup v2 directory whose processes are served, children included. */
  readonly cgroup: string;
  /** Directory for pins, on a bpffs or on a place where one can be mounted. */
  readonly state: string;
}

export type ApplyResult =
  | {
      readonly kind: 'applied';
      readonly revision: number;
      readonly services: number;
      /** The hooks at which this call put the programs in charge, and how. Empty when they were already. */
      readonly links: Attachments;
    }
  /** Nothing has changed. */
  | { readonly kind: 'refused'; readonly errors: readonly PlanError[] };

/**
 * What an earlier process left: 'fresh' nothing; 'adopted' its maps, Services live on through them; 'replaced' pins of
 * another version, which serve until the first apply() and are then removed.
 */
export type Inheritance = 'fresh' | 'adopted' | 'replaced';

export class Datapath {
  readonly inheritance: Inheritance;
  #state: StateDirectory;
  readonly #cgroup: Cgroup;
  readonly #pins: MapPins;
  readonly #links: HookLinks;
  readonly #object: LoadedObject;
  readonly #adopted: ReadonlyMap<string, BpfMap> = new Map();
  readonly #revision: RevisionMap;
  readonly #listeners: ListenerMap;
  #pinned: boolean;
  #open = true;

  /**
   * Loads everything and attaches nothing yet: what serves, goes on serving.
   * @throws DatapathError (cgroup, state directory in use), BpfError or ProgramRefused (no permission, old kernel)
   */
  static open(options: DatapathOptions): Datapath {
    const cgroup = openCgroup(options.cgroup);
    let state: StateDirectory | undefined;
    try {
      state = StateDirectory.claim(options.state);
      return new Datapath(cgroup, state);
    } catch (error) {
      // Takes away only what is empty: an earlier process's pins go on serving.
      state?.remove();
      closeCgroup(cgroup);
      throw error;
    }
  }

  private constructor(cgroup: Cgroup, state: StateDirectory) {
    this.#cgroup = cgroup;
    this.#state = state;
    this.#pins = new MapPins(state.path, LAYOUT_ID);
    this.#links = new HookLinks(join(state.path, 'links'));
    try {
      const spec = ObjectSpec.read(readFileSync(OBJECT), 'bpf/sock.bpf.o');
      this.#adopted = this.#pins.adopt([...spec.maps.values()].filter((map) => map.name !== TEMPLATE));
      this.#object = loadObject(spec, { maps: this.#adopted });
    } catch (error) {
      this.#links.close();
      closeMaps(this.#adopted);
      throw error;
    }
    this.#pinned = this.#adopted.size > 0;
    this.inheritance = this.#pinned
      ? 'adopted'
      : this.#pins.foreign || this.#links.adopted
        ? 'replaced'
        : 'fresh';
    const object = this.#object;
    this.#revision = new RevisionMap(object.map('revision'), (count) =>
      object.createInner('revision', count),
    );
    this.#listeners = new ListenerMap(object.map('listeners'), object.map('proxy'));
  }

  /** Names the proxy's listeners, all of them each time; none at the start of a drain. @throws DatapathError */
  setProxy(listeners: readonly ProxyListener[]): void {
    this.#checkOpen();
    this.#listeners.replace(listeners);
  }

  /**
   * Makes `desired` true as a whole, or refuses it as a whole.
   * @throws BpfError when the kernel refuses. One whole revision is in force then: the one before, or, where programs were
   *   attached already and could not be replaced, this one.
   */
  apply(desired: Desired): ApplyResult {
    this.#checkOpen();
    const plan = planServices(desired);
    if (plan.kind === 'refused') return plan;
    this.#pinMaps();
    const { revision, services } = desired;
    // What publishes original destinations stands before the first connection that is redirected.
    const redirect = services.some((service) => service.redirect) || this.#links.has('sluice_sockops');
    const before = redirect ? this.#switchTo(REDIRECT_HOOKS) : {};
    this.#revision.flip(plan.entries);
    // The maps hold a whole revision by now: these programs may take over from whatever is attached.
    const after = this.#switchTo(BALANCE_HOOKS);
    this.#links.detachForeign();
    this.#pins.removeForeign();
    return { kind: 'applied', revision, services: services.length, links: { ...before, ...after } };
  }

  stats(): DatapathStats {
    this.#checkOpen();
    return readStats(this.#object.map('counters'));
  }

  /** For the proxy's workers: `await import(module)`, then `open(data)`. Valid until close(). */
  originalDestination(): { readonly module: string; readonly data: { readonly fd: number } } {
    this.#checkOpen();
    return { module: ORIGINAL_DESTINATION, data: { fd: this.#object.map('originals').fd } };
  }

  /**
   * Lets another process open the same state and take over what is pinned. Until `reclaim`, or `close({ keep: true })` once it
   * has, nothing may be applied here; what the descriptors are used for goes on.
   */
  cede(): void {
    this.#checkOpen();
    this.#state.release();
  }

  /** The other process did not take over. @throws StateInUse when it did */
  reclaim(): void {
    this.#checkOpen();
    this.#state = StateDirectory.claim(this.#state.path);
  }

  /**
   * keep: true leaves programs and maps at work: Services go on being balanced, redirected ones are refused once the
   * proxy's listeners close. keep: false leaves no link, no pin, and no mount that this state directory brought.
   */
  close({ keep }: { readonly keep: boolean }): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (!keep) {
        this.#links.detachAll();
        this.#pins.removeAll();
      }
    } finally {
      // Whatever could not be removed: the claim and the descriptors go.
      this.#links.close();
      this.#object.close();
      closeMaps(this.#adopted);
      closeCgroup(this.#cgroup);
      if (keep) this.#state.release();
      else this.#state.remove();
    }
  }

  #pinMaps(): void {
    if (this.#pinned) return;
    this.#pins.pinAll(new Map([...this.#object.maps].filter(([name]) => name !== TEMPLATE)));
    this.#pinned = true;
  }

  #switchTo(hooks: readonly Hook[]): Attachments {
    return this.#links.switchTo(hooks, (hook) => this.#object.program(hook), this.#cgroup);
  }

  #checkOpen(): void {
    if (!this.#open) throw new DatapathError('the datapath is closed', 'open it again');
  }
}

function closeMaps(maps: ReadonlyMap<string, BpfMap>): void {
  for (const map of maps.values()) map.close();
}
