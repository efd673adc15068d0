// The certificate of the TLS listeners: P-256, signed by itself, made anew for each run, so that no key is kept anywhere.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** Certificate and key in one file, as HAProxy wants them. */
  readonly both: string;
}

/** Also for 127.0.0.1 and ::1. */
export const SERVER_NAME = 'localhost';

/** In `folder`. Needs `openssl`. Throws with its words. */
export function makeCertificate(folder: string): Certificate {
  const [certificate, key, both] = ['cert', 'key', 'both'].map((name) => join(folder, `${name}.pem`));
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = `subjectAltName=DNS:${SERVER_NAME},DNS:*.test.example,IP:127.0.0.1,IP:::1`;
  const { status, stderr, error } = spawnSync(
    'openssl',
    [
      ...request,
      '-subj',
      `/CN=${SERVER_NAME}`,
      '-addext',
      names,
      '-days',
      '2',
      '-keyout',
      key!,
      '-out',
      certificate!,
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Error(
      `openssl could not make a certificate. Mend: apt-get install openssl\n${error?.message ?? stderr}`,
    );
  writeFileSync(both!, [certificate!, key!].map((file) => readFileSync(file, 'utf8')).join(''), {
    mode: 0o600,
  });
  return { certificate: certificate!, key: key!, both: both! };
}
