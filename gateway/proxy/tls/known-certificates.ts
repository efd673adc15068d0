// The certificates of the Snapshot in force, checked once each. One that comes back broken keeps its last good content: a bad
// renewal must not take down what works.
import { inspectKeyPair } from '#native/tls/inspect-key-pair';
import type { KeyPair } from '#native/tls/key-pair';
import type { Certificate } from '../../model/snapshot.ts';

export interface KnownCertificate {
  readonly pair: KeyPair;
  /** Changes when the content does. */
  readonly version: number;
  /** DNS names, lower case, wildcards as `*.suffix`. */
  readonly dns: readonly string[];
  /** RSA, ECDSA, ... */
  readonly kind: number;
}

export class KnownCertificates {
  #known = new Map<string, KnownCertificate>();
  #lastVersion = 0;

  /** Takes over a Snapshot's certificates. Adds to `faults` what cannot be used. */
  apply(certificates: readonly Certificate[], faults: string[]): void {
    const known = new Map<string, KnownCertificate>();
    for (const { name, chain, key } of certificates) {
      const before = this.#known.get(name);
      if (before !== undefined && before.pair.chain === chain && before.pair.key === key) {
        known.set(name, before);
        continue;
      }
      try {
        const pair = { name, chain, key };
        known.set(name, { pair, version: ++this.#lastVersion, ...inspectKeyPair(pair) });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        faults.push(`certificate ${reason}${before === undefined ? '' : '; the one before stays in use'}`);
        if (before !== undefined) known.set(name, before);
      }
    }
    this.#known = known;
  }

  get(name: string): KnownCertificate | undefined {
    return this.#known.get(name);
  }
}
