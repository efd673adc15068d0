// The suite's own client and authority against a server of Node.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Authority } from './authority.ts';
import { offer } from './client-hello.ts';
import { findRefusal, shakeHands } from './handshake.ts';

const OPENSSL = 'openssl';
const skip = spawnSync(OPENSSL, ['version']).status === 0 ? false : 'needs openssl';

test(
  'a listener that wants a certificate: the right one is let in, others are refused',
  { skip },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const authority = new Authority(folder, 'one');
    const stranger = new Authority(folder, 'two');
    const { certificate, key } = authority.issue({ names: ['DNS:a.example'] });
    const server = createServer(
      {
        cert: readFileSync(certificate),
        key: readFileSync(key),
        ca: readFileSync(authority.certificate),
        requestCert: true,
      },
      (_, response) => response.end('in\n'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const usage = 'clientAuth' as const;
    const names = ['DNS:client.example'];
    const good = authority.issue({ names, usage });
    assert.equal((await shakeHands({ port, certificate: good })).names, 'DNS:a.example');
    assert.equal(await findRefusal({ port, certificate: good }), undefined);
    for (const bad of [authority.issue({ names, usage, days: -1 }), stranger.issue({ names, usage })])
      assert.notEqual(await findRefusal({ port, certificate: bad }), undefined);
    assert.notEqual(await findRefusal({ port }), undefined);
  },
);

test('offers by hand are answered by a hello or an alert', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { certificate, key } = new Authority(folder, 'one').issue({ names: ['DNS:a.example'] });
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const good = await offer(port, {
    version: 0x0303,
    ciphers: [0xc02b],
    serverName: Buffer.from('a.example'),
  });
  assert.deepEqual(good, { kind: 'hello', version: 0x0303, cipher: 0xc02b, compression: 0 });
  assert.equal((await offer(port, { version: 0x0303, ciphers: [0x0004] })).kind, 'alert');
});
