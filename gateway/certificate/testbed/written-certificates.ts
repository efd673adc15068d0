// Manifests of tests hold no certificates and no keys: they name them, and they are made when the test runs.
//
//   ${crt shop.example.com}  base64 of a certificate for that name, and ${key shop.example.com} of its key, as a Secret has them
//   ${ca root}               PEM of a certificate authority, as a ConfigMap has it
//
// A name may have a word behind # to tell it from others, which may say what is wrong with it: #expired, #weak.
import { generateKeyPairSync } from 'node:crypto';
import { TestCa, type Issued } from '#native/tls/testbed/test-ca';

const MACRO = /\$\{(crt|key|ca) ([^}]+)\}/g;
const LONG_AGO = new Date('2020-01-02T03:04:05Z');

export class WrittenCertificates {
  readonly #ca = TestCa.create('Test root');
  readonly #authorities = new Map<string, TestCa>();
  readonly #issued = new Map<string, Issued>();

  /** The manifest with what it names. */
  fill(manifest: string): string {
    return manifest.replaceAll(MACRO, (_, what: string, name: string) => {
      if (what === 'ca') return JSON.stringify(this.#authority(name).certificate);
      const { chain, key } = this.#issue(name);
      return Buffer.from(what === 'crt' ? chain : key).toString('base64');
    });
  }

  /** A copy of plain data in which the names stand again. */
  nameIn<T>(value: T): T {
    if (typeof value === 'string') return this.#nameInText(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.nameIn(item)) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]): [string, unknown] => [key, this.nameIn(item)]),
    ) as T;
  }

  /** Pieces of every private key that was made, none of which may ever be shown. */
  keyPieces(): readonly string[] {
    return [...this.#issued.values()].flatMap(({ key }) => {
      const lines = key.split('\n').filter((line) => line.length > 24 && !line.startsWith('-'));
      return [...lines, Buffer.from(key).toString('base64')].map((line) => line.slice(8, 32));
    });
  }

  #nameInText(text: string): string {
    let named = text;
    for (const [name, { certificate }] of this.#authorities)
      named = named.replaceAll(certificate, `<ca ${name}>`);
    for (const [name, { chain, key }] of this.#issued)
      named = named.replaceAll(chain, `<crt ${name}>`).replaceAll(key, `<key ${name}>`);
    return named;
  }

  #authority(name: string): TestCa {
    const known = this.#authorities.get(name) ?? TestCa.create(name);
    this.#authorities.set(name, known);
    return known;
  }

  #issue(written: string): Issued {
    const known = this.#issued.get(written);
    if (known !== undefined) return known;
    const [name = '', trait] = written.split('#');
    const dns = [name];
    let issued: Issued;
    if (trait === 'weak') {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 1024,
        publicKeyEncoding: { type: 'spki', format: 'der' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      issued = { ...this.#ca.issue({ dns, publicKey }), key: privateKey };
    } else
      issued = this.#ca.issue(
        trait === 'expired' ? { dns, notBefore: new Date(0), notAfter: LONG_AGO } : { dns },
      );
    this.#issued.set(written, issued);
    return issued;
  }
}
