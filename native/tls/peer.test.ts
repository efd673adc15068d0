// Which certificates a client takes for the server that it wants, and a server for a client's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClientContext } from './client-context.ts';
import type { PeerName } from './peer.ts';
import { openServerContext } from './server-context.ts';
import { TestCa, type Issued, type Request } from './testbed/test-ca.ts';
import { TlsPair } from './testbed/tls-pair.ts';
import { TlsConnection } from './connection.ts';

const ca = TestCa.create();
const stranger = TestCa.create('Stranger');
const SCOPE = Buffer.alloc(32, 1);
const past = new Date(Date.now() - 60_000);
const future = new Date(Date.now() + 3_600_000);

const clientOf = (certificate?: Issued): ReturnType<typeof openClientContext> =>
  openClientContext({ name: 'client', roots: ca.certificate, protocols: [], certificate });

/** Why the client refuses a server with this certificate; '' when it takes it. */
function refusal(request: Request, serverName: string, names: readonly PeerName[] = [], by = ca): string {
  const server = openServerContext({ name: 'server', certificates: [by.issue(request)], scope: SCOPE });
  using pair = new TlsPair(server, clientOf(), { serverName, names });
  pair.shake();
  server.free();
  return pair.client.failure;
}

const dns = (value: string): PeerName => ({ kind: 'dns', value });
const uri = (value: string): PeerName => ({ kind: 'uri', value });
const MISMATCH = /hostname mismatch/;

test('the server name must be among the DNS names', () => {
  assert.equal(refusal({ dns: ['b.test', 'a.test'] }, 'a.test'), '');
  assert.equal(refusal({ dns: ['A.Test'] }, 'a.test'), '');
  assert.match(refusal({ dns: ['b.test'] }, 'a.test'), MISMATCH);
  assert.match(refusal({ name: 'a.test', dns: ['b.test'] }, 'a.test'), MISMATCH, 'the subject is no name');
  assert.match(refusal({ name: 'a.test' }, 'a.test'), MISMATCH, 'not even without others');
});

test('a wildcard stands for one whole label', () => {
  assert.equal(refusal({ dns: ['*.a.test'] }, 'x.a.test'), '');
  assert.match(refusal({ dns: ['*.a.test'] }, 'x.y.a.test'), MISMATCH);
  assert.match(refusal({ dns: ['*.a.test'] }, 'a.test'), MISMATCH);
  assert.match(refusal({ dns: ['x*.a.test'] }, 'xy.a.test'), MISMATCH);
});

test('chains: expired, not yet valid, unknown, for clients only, through an intermediate', () => {
  assert.match(refusal({ dns: ['a.test'], notAfter: past }, 'a.test'), /certificate has expired/);
  assert.match(refusal({ dns: ['a.test'], notBefore: future }, 'a.test'), /not yet valid/);
  assert.match(refusal({ dns: ['a.test'] }, 'a.test', [], stranger), /unable to get local issuer/);
  assert.match(refusal({ dns: ['a.test'], usage: ['client'] }, 'a.test'), /unsuitable certificate purpose/);
  assert.equal(refusal({ dns: ['a.test'] }, 'a.test', [], ca.delegate()), '');
});

test('given names stand instead of the server name, one of them is enough', () => {
  const spiffe = { uri: ['spiffe://a.test/ns/x'], dns: ['b.test'] };
  assert.equal(refusal(spiffe, 'a.test', [uri('spiffe://a.test/ns/x')]), '');
  assert.equal(refusal(spiffe, 'a.test', [dns('c.test'), uri('spiffe://a.test/ns/x')]), '');
  assert.equal(refusal(spiffe, 'a.test', [dns('b.test')]), '');
  assert.equal(
    refusal(spiffe, 'b.test', [uri('spiffe://a.test/ns/y')]),
    'the certificate is for dns:b.test uri:spiffe://a.test/ns/x, not for uri:spiffe://a.test/ns/y',
  );
  assert.match(refusal(spiffe, 'b.test', [uri('spiffe://a.test/ns/X')]), /not for/, 'URIs match exactly');
  assert.match(refusal({}, 'a.test', [dns('a.test')]), /the certificate is for nobody/);
  assert.match(
    refusal(spiffe, 'a.test', [uri('spiffe://a.test/ns/x')], stranger),
    /unable to get local issuer/,
  );
});

// CVE-2022-21657 and its like: a name of one kind must not do for another.
test('a name counts only as what it is', () => {
  const email = { tag: 0x81, value: Buffer.from('a.test') };
  assert.match(refusal({ other: [email] }, 'a.test'), MISMATCH);
  assert.match(refusal({ dns: ['spiffe://a/b'] }, 'a.test', [uri('spiffe://a/b')]), /not for/);
  assert.match(refusal({ uri: ['a.test'] }, 'a.test', [dns('a.test')]), /not for/);
  assert.match(
    refusal({ other: [{ tag: 0x82, value: Buffer.from('a.test\0.evil.test') }] }, 'a.test'),
    MISMATCH,
  );
  const split = { other: [{ tag: 0x86, value: Buffer.from('spiffe://a/b\0c') }] };
  assert.match(refusal(split, 'a.test', [uri('spiffe://a/b')]), /not for/);
});

// CVE-2024-32475: names that are too long for SNI are refused when the connection is made, and nothing aborts.
test('server names that cannot be sent', () => {
  const context = clientOf();
  for (const serverName of ['', 'a'.repeat(256), 'a'.repeat(300), 'a'.repeat(70_000)])
    assert.throws(() => TlsConnection.connect(context, { serverName, names: [] }), {
      name: 'TlsError',
      message: /must have 1 to 255/,
    });
  context.free();
});

/** What a server that asks for certificates says of this client. */
function judge(
  certificate: Issued | undefined,
  required: boolean,
): { failure: string; fault: string | undefined } {
  const clients = { roots: ca.certificate, required };
  const own = ca.issue({ dns: ['a.test'] });
  const server = openServerContext({ name: 'server', certificates: [own], scope: SCOPE, clients });
  using pair = new TlsPair(server, clientOf(certificate), { serverName: 'a.test', names: [] });
  pair.shake();
  server.free();
  return { failure: pair.server.failure, fault: pair.server.peer?.fault };
}

test('client certificates that are required', () => {
  assert.deepEqual(judge(ca.issue({ uri: ['spiffe://x/y'] }), true), { failure: '', fault: '' });
  assert.match(judge(undefined, true).failure, /peer did not return a certificate/);
  assert.match(judge(stranger.issue({}), true).failure, /unable to get local issuer/);
  assert.match(judge(ca.issue({ notAfter: past }), true).failure, /certificate has expired/);
  // CVE-2022-21656/21657: a certificate for servers does not make a client.
  assert.match(judge(ca.issue({ usage: ['server'] }), true).failure, /unsuitable certificate purpose/);
});

test('client certificates that are optional: what is wrong with them is known', () => {
  assert.deepEqual(judge(undefined, false), { failure: '', fault: undefined });
  assert.deepEqual(judge(ca.issue({}), false), { failure: '', fault: '' });
  const judged = judge(stranger.issue({}), false);
  assert.equal(judged.failure, '');
  assert.match(judged.fault ?? '', /unable to (get local issuer|verify the first)/);
  assert.match(judge(ca.issue({ notAfter: past }), false).fault ?? '', /certificate has expired/);
});
