// A certificate authority for tests: issues what a test asks for, right or wrong. Nothing is written anywhere.
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { bitString, der, integer, octetString, oid, sequence, SET, time, toPem } from './der.ts';

const HOUR = 3_600_000;
const USAGE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

export interface Request {
  readonly name?: string;
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  /** Any other name of subjectAltName: the tag of its kind and its bytes. */
  readonly other?: readonly { readonly tag: number; readonly value: Buffer }[];
  readonly key?: 'ec' | 'rsa';
  /** Extended key usages; both when left out. */
  readonly usage?: readonly (keyof typeof USAGE)[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Instead of the key's own SubjectPublicKeyInfo. */
  readonly publicKey?: Buffer;
}

export interface Issued {
  readonly name: string;
  /** PEM: the leaf and, for an intermediate authority, its issuers but for the root. */
  readonly chain: string;
  readonly key: string;
}

export class TestCa {
  /** PEM. */
  readonly certificate: string;
  readonly #key: KeyObject;
  readonly #name: string;
  readonly #issuers: string;

  static create(name = 'Test root'): TestCa {
    const { privateKey, publicKey } = keys('ec');
    const certificate = encode(name, name, publicKey, privateKey, authorityExtensions());
    return new TestCa(name, privateKey, certificate, '');
  }

  private constructor(name: string, key: KeyObject, certificate: string, issuers: string) {
    this.#name = name;
    this.#key = key;
    this.certificate = certificate;
    this.#issuers = issuers;
  }

  /** An intermediate authority. */
  delegate(name = 'Test intermediate'): TestCa {
    const { privateKey, publicKey } = keys('ec');
    const certificate = encode(name, this.#name, publicKey, this.#key, authorityExtensions());
    return new TestCa(name, privateKey, certificate, certificate + this.#issuers);
  }

  issue(request: Request): Issued {
    const { privateKey, publicKey } = keys(request.key ?? 'ec');
    const name = request.name ?? request.dns?.[0] ?? 'test';
    const spki = request.publicKey ?? publicKey;
    const leaf = encode(name, this.#name, spki, this.#key, leafExtensions(request), request);
    return {
      name: `default/${name}`,
      chain: leaf + this.#issuers,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    };
  }
}

function keys(kind: 'ec' | 'rsa'): { privateKey: KeyObject; publicKey: Buffer } {
  const { privateKey, publicKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }) };
}

function encode(
  name: string,
  issuer: string,
  publicKey: Buffer,
  signer: KeyObject,
  extensions: readonly Buffer[],
  { notBefore = new Date(Date.now() - HOUR), notAfter = new Date(Date.now() + 24 * HOUR) }: Request = {},
): string {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    distinguished(issuer),
    sequence(time(notBefore), time(notAfter)),
    distinguished(name),
    publicKey,
    der(0xa3, sequence(...extensions)),
  );
  return toPem('CERTIFICATE', sequence(body, algorithm, bitString(sign('sha256', body, signer))));
}

function distinguished(name: string): Buffer {
  return sequence(der(SET, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function authorityExtensions(): Buffer[] {
  return [
    extension('2.5.29.19', sequence(der(1, Buffer.of(255))), true),
    extension('2.5.29.15', bitString(Buffer.of(0b0000_0110), 1), true),
    extension('2.5.29.14', octetString(createHash('sha1').update(randomBytes(8)).digest())),
  ];
}

function leafExtensions({ dns = [], uri = [], other = [], usage = ['server', 'client'] }: Request): Buffer[] {
  const names = [
    ...dns.map((name) => der(0x82, Buffer.from(name, 'latin1'))),
    ...uri.map((name) => der(0x86, Buffer.from(name, 'latin1'))),
    ...other.map(({ tag, value }) => der(tag, value)),
  ];
  const extensions = [
    extension('2.5.29.15', bitString(Buffer.of(0b1000_0000), 7), true),
    extension('2.5.29.37', sequence(...usage.map((one) => oid(USAGE[one])))),
  ];
  if (names.length > 0) extensions.push(extension('2.5.29.17', sequence(...names)));
  return extensions;
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [der(1, Buffer.of(255))] : [];
  return sequence(oid(id), ...flag, octetString(value));
}
