// Builds a revision's hash beside the live one and puts it in charge with one write.
import type { BpfMap } from '#native/bpf/map';
import type { Entries } from '../plan/services.ts';

const LIVE = Buffer.alloc(4);

export class RevisionMap {
  readonly #outer: BpfMap;
  readonly #create: (maxEntries: number) => BpfMap;

  /** `outer` is the map `revision` of bpf/include/sluice/service.h, `create` makes a hash that fits into it. */
  constructor(outer: BpfMap, create: (maxEntries: number) => BpfMap) {
    this.#outer = outer;
    this.#create = create;
  }

  /**
   * Replaces the live revision. A program sees the old one or the new one, whole. On failure the old one stays.
   * Returns when no program can still be reading the old one, which the kernel then frees: 10-20 ms.
   * @throws BpfError
   */
  flip(entries: Entries): void {
    const inner = this.#create(Math.max(1, entries.count));
    try {
      inner.updateBatch(entries.keys, entries.values, entries.count);
      this.#outer.updateFd(LIVE, inner.fd);
    } finally {
      // The outer map holds it now, or nobody does.
      inner.close();
    }
  }
}
