// A certificate authority for one run: certificates that are right, and such as must be refused. Needs `openssl`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../machine/certificate.ts';

const OPENSSL = 'openssl';
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export interface Order {
  /** As openssl writes them: `DNS:a.example`, `URI:spiffe://td/x`. */
  readonly names: readonly string[];
  /** From now on; default 2. Negative: it has expired. */
  readonly days?: number;
  readonly usage?: 'serverAuth' | 'clientAuth';
}

export class Authority {
  readonly #folder: string;
  #serial = 1;

  /** In a folder of its own below `parent`. Throws with openssl's words. */
  constructor(parent: string, name: string) {
    this.#folder = join(parent, name);
    mkdirSync(this.#folder);
    const request = ['req', '-x509', ...CURVE, '-days', '2', '-subj', `/CN=${name}`];
    openssl([...request, '-keyout', this.#path('ca.key'), '-out', this.certificate]);
  }

  /** PEM file. */
  get certificate(): string {
    return this.#path('ca.pem');
  }

  issue({ names, days = 2, usage = 'serverAuth' }: Order): Certificate {
    const serial = this.#serial++;
    const [key, request, certificate, extensions, both] = ['key', 'csr', 'pem', 'ext', 'both.pem'].map(
      (kind) => this.#path(`${serial}.${kind}`),
    ) as [string, string, string, string, string];
    openssl(['req', '-new', ...CURVE, '-subj', `/CN=${serial}`, '-keyout', key, '-out', request]);
    writeFileSync(
      extensions,
      `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=${usage}\nsubjectAltName=${names.join(',')}\n`,
    );
    const authority = [
      '-CA',
      this.certificate,
      '-CAkey',
      this.#path('ca.key'),
      '-set_serial',
      String(1000 + serial),
    ];
    openssl([
      'x509',
      '-req',
      '-in',
      request,
      ...authority,
      '-days',
      String(days),
      '-extfile',
      extensions,
      '-out',
      certificate,
    ]);
    writeFileSync(both, `${readFileSync(certificate, 'utf8')}${readFileSync(key, 'utf8')}`, { mode: 0o600 });
    return { certificate, key, both };
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

function openssl(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(OPENSSL, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${error?.message ?? stderr.trim()}`);
}
