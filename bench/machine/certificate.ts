// The certificate of the TLS scenario: P-256, signed by itself, made anew for each run, so that no key is kept anywhere.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from './install.ts';

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** Certificate and key in one file, as HAProxy wants them. */
  readonly both: string;
}

export const SERVER_NAME = 'bench.example';
/** What a client of ours offers, alone: every proxy can do it, and so none can choose a cheaper one. */
export const CIPHER = 'TLS_AES_128_GCM_SHA256';

/** Needs `openssl`. Throws with its words. */
export function makeCertificate(folder: string): Certificate {
  const [certificate, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name));
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', `/CN=${SERVER_NAME}`, '-addext', `subjectAltName=DNS:${SERVER_NAME},DNS:localhost`];
  const files = ['-days', '2', '-keyout', key!, '-out', certificate!];
  const { status, stderr } = spawnSync(
    findCommand('openssl') ?? 'openssl',
    [...request, ...names, ...files],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`openssl could not make a certificate:\n${stderr}`);
  const pem = [certificate!, key!].map((file) => readFileSync(file, 'utf8')).join('');
  writeFileSync(both!, pem, { mode: 0o600 });
  return { certificate: certificate!, key: key!, both: both! };
}

/** A configuration file for OpenSSL (config(5), SSL_CONF_cmd(3)) that makes wrk speak TLS 1.3 with one cipher and one group. */
export function writeClientConfig(folder: string): string {
  const file = join(folder, 'openssl-client.cnf');
  writeFileSync(
    file,
    `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = client
[client]
MinProtocol = TLSv1.3
MaxProtocol = TLSv1.3
Ciphersuites = ${CIPHER}
Groups = P-256
`,
  );
  return file;
}
