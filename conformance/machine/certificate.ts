// The certificate of the TLS listeners: signed by itself, made anew for each run, so that no key is kept anywhere.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from '../test/machine.ts';

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** Certificate and key in one file, as HAProxy wants them. */
  readonly both: string;
}

/** Also for 127.0.0.1 and ::1. */
export const SERVER_NAME = 'localhost';

const NEW_KEYS = {
  'P-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['rsa:2048'],
} as const;

/** In `folder`. Needs `openssl`. Throws with its words. */
export function makeCertificate(folder: string, key: keyof typeof NEW_KEYS = 'P-256'): Certificate {
  const [certificate, keyFile, both] = ['cert', 'key', 'both'].map((name) => join(folder, `${name}.pem`));
  const request = ['req', '-x509', '-nodes', '-newkey', ...NEW_KEYS[key]];
  const names = `subjectAltName=DNS:${SERVER_NAME},DNS:*.test.example,IP:127.0.0.1,IP:::1`;
  const { status, stderr, error } = spawnSync(
    findCommand('openssl') ?? 'openssl',
    [
      ...request,
      '-subj',
      `/CN=${SERVER_NAME}`,
      '-addext',
      names,
      '-days',
      '2',
      '-keyout',
      keyFile!,
      '-out',
      certificate!,
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Error(
      `openssl could not make a certificate. Mend: apt-get install openssl\n${error?.message ?? stderr}`,
    );
  writeFileSync(both!, [certificate!, keyFile!].map((file) => readFileSync(file, 'utf8')).join(''), {
    mode: 0o600,
  });
  return { certificate: certificate!, key: keyFile!, both: both! };
}
