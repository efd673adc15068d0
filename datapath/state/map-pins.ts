// The maps that outlive this process, pinned below a directory whose name is the id of their layout: what was written by
// programs with other structs is never read by these, it is left behind and removed once nothing uses it.
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { BpfMap } from '#native/bpf/map';
import type { MapSpec } from '#native/bpf/map-definition';
import { mapMismatch } from '#native/bpf/map-load';
import { removePin } from '#native/bpf/pin';

const LAYOUT_DIRECTORY = /^[0-9a-f]{8}$/;

export class MapPins {
  readonly #state: string;
  readonly #directory: string;

  constructor(state: string, layoutId: string) {
    this.#state = state;
    this.#directory = join(state, layoutId);
  }

  /**
   * Maps of an earlier start that these programs can use; the caller owns them. Empty unless all are there and fit.
   * @throws BpfError for a pin that is no map
   */
  adopt(specs: readonly MapSpec[]): Map<string, BpfMap> {
    const maps = new Map<string, BpfMap>();
    let complete = false;
    try {
      complete = specs.every((spec) => {
        const path = join(this.#directory, spec.name);
        if (!existsSync(path)) return false;
        const map = BpfMap.fromPin(path);
        maps.set(spec.name, map);
        return mapMismatch(spec, map) === undefined;
      });
    } finally {
      if (!complete) for (const one of maps.values()) one.close();
    }
    return complete ? maps : new Map();
  }

  /** Whether there are maps of another layout. */
  get foreign(): boolean {
    return this.#layouts().some((directory) => directory !== this.#directory);
  }

  pinAll(maps: ReadonlyMap<string, BpfMap>): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    for (const [name, map] of maps) {
      const path = join(this.#directory, name);
      removePin(path);
      map.pin(path);
    }
  }

  /** Removes the pins of other layouts: nothing reads those maps any more. */
  removeForeign(): void {
    for (const directory of this.#layouts()) if (directory !== this.#directory) removeDirectory(directory);
  }

  removeAll(): void {
    for (const directory of this.#layouts()) removeDirectory(directory);
  }

  #layouts(): string[] {
    return readdirSync(this.#state)
      .filter((name) => LAYOUT_DIRECTORY.test(name))
      .map((name) => join(this.#state, name));
  }
}

function removeDirectory(directory: string): void {
  for (const name of readdirSync(directory)) removePin(join(directory, name));
  rmdirSync(directory);
}
