// The same listeners as OpenSSL's own client sees them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { TestCa } from '#native/tls/testbed/test-ca';
import { ok, RawBackend } from '../testbed/raw-backend.ts';
import { TlsProxy } from './testbed/tls-proxy.ts';

const installed = spawnSync('openssl', ['version']).status === 0;
const skip = installed ? false : 'openssl is not installed';

const ca = TestCa.create();
const certificate = ca.issue({ dns: ['a.test'] });

/** What `openssl s_client` prints when it is typed `input`. */
async function sClient(port: number, options: readonly string[], input = ''): Promise<string> {
  const client = spawn('openssl', [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-servername',
    'a.test',
    ...options,
  ]);
  let output = '';
  for (const stream of [client.stdout, client.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => (output += part));
  if (input !== '') client.stdin.write(input);
  const timer = setTimeout(() => client.stdin.end(), 1000);
  await new Promise((resolve) => client.once('close', resolve));
  clearTimeout(timer);
  return output;
}

test('version, cipher, group and protocol that are agreed on', { skip }, async () => {
  await using proxy = await TlsProxy.start({ certificates: [certificate] });
  const modern = await sClient(proxy.port, ['-brief', '-alpn', 'h2']);
  assert.match(modern, /Protocol version: TLSv1\.3/);
  assert.match(modern, /Ciphersuite: TLS_AES_128_GCM_SHA256/);
  const classic = await sClient(proxy.port, ['-tls1_2', '-alpn', 'http/1.1']);
  assert.match(classic, /ALPN protocol: http\/1\.1/);
  assert.match(classic, /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/);
  assert.match(classic, /Secure Renegotiation IS supported/);
  assert.match(classic, /Compression: NONE/);
});

test('what is old or weak is refused', { skip }, async () => {
  await using proxy = await TlsProxy.start({ certificates: [ca.issue({ dns: ['a.test'], key: 'rsa' })] });
  for (const options of [
    ['-tls1', '-cipher', 'DEFAULT@SECLEVEL=0'],
    ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'],
    ['-tls1_2', '-cipher', 'kRSA'],
    ['-tls1_2', '-cipher', 'ECDHE-RSA-AES256-SHA384'],
  ])
    assert.match(
      await sClient(proxy.port, options),
      /alert (protocol version|handshake failure)/,
      options.join(' '),
    );
});

test('renegotiation is refused', { skip }, async () => {
  await using backend = await RawBackend.start(ok('x'));
  await using proxy = await TlsProxy.start({ certificates: [certificate], endpoints: [backend.port] });
  const output = await sClient(proxy.port, ['-tls1_2'], 'R\n');
  assert.match(output, /RENEGOTIATING/);
  assert.match(output, /no renegotiation/);
});
