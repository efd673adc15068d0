// Sessions that are resumed: with whichever context has the keys, for as long as a key is kept, and never past what they must
// not evade.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { acceptConnection, closeSocket, openListener } from '../socket.ts';
import { TlsConnection } from './connection.ts';
import type { Context } from './context.ts';
import { openServerContext, type ServerContextOptions } from './server-context.ts';
import { TICKET_KEY_BYTES, TicketKeys } from './ticket-keys.ts';
import { TestCa } from './testbed/test-ca.ts';

const ca = TestCa.create();
const certificate = ca.issue({ dns: ['a.test'] });
const SCOPE = Buffer.alloc(32, 1);

const contextOf = (keys: TicketKeys, more: Partial<ServerContextOptions> = {}): Context =>
  openServerContext({
    name: 'server',
    certificates: [certificate],
    tickets: keys.callback(),
    scope: SCOPE,
    ...more,
  });

interface Shaken {
  /** The session to come back with; undefined when the server gave none. */
  readonly session: Buffer | undefined;
  readonly resumed: boolean;
  /** What the server says of it. */
  readonly failure: string;
}

/** A client of node:tls on one connection, with or without a session from before. */
async function shake(context: Context, options: ConnectionOptions = {}): Promise<Shaken> {
  const listener = openListener({ address: '127.0.0.1', port: 0, reusePort: false });
  const client = connect({
    port: listener.port,
    host: '127.0.0.1',
    servername: 'a.test',
    rejectUnauthorized: false,
    ...options,
  });
  let session: Buffer | undefined;
  client.on('error', () => {});
  client.on('session', (one) => (session = one));
  const server = TlsConnection.accept(context);
  let fd = -1;
  let state = 0;
  for (let turn = 0; turn < 500 && state === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (fd < 0 && (fd = acceptConnection(listener.fd)) >= 0) server.attach(fd);
    if (fd >= 0) state = server.handshake();
  }
  // A ticket that is made anew in TLS 1.2 is no event for node:tls.
  session ??= client.getSession();
  const shaken = { resumed: server.resumed, failure: server.failure };
  server.end();
  server.free();
  closeSocket(fd);
  closeSocket(listener.fd);
  if (!client.closed) await once(client, 'close').catch(() => {});
  return { ...shaken, session };
}

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
for (const version of VERSIONS) {
  const only = { minVersion: version, maxVersion: version };
  const back = (session: Buffer | undefined): ConnectionOptions => ({
    ...only,
    session: session ?? assert.fail('no ticket'),
  });

  test(`${version}: another context with the same keys resumes, one with others does not`, async () => {
    const keys = TicketKeys.create();
    const { session, resumed } = await shake(contextOf(keys), only);
    assert.equal(resumed, false);
    const other = TicketKeys.attach(keys.memory);
    assert.equal((await shake(contextOf(other), back(session))).resumed, true);
    const foreign = await shake(contextOf(TicketKeys.create()), back(session));
    assert.deepEqual([foreign.resumed, foreign.failure], [false, '']);
  });

  test(`${version}: a key is taken for three rotations, and tickets of old keys are made anew`, async () => {
    const keys = TicketKeys.create();
    const context = contextOf(keys);
    let { session } = await shake(context, only);
    const first = session;
    for (let rotation = 0; rotation < 3; rotation++) {
      keys.rotate();
      const shaken = await shake(context, back(session));
      assert.equal(shaken.resumed, true, `after rotation ${rotation + 1}`);
      ({ session } = shaken);
    }
    assert.equal((await shake(context, back(first))).resumed, true);
    keys.rotate();
    assert.equal((await shake(context, back(first))).resumed, false);
    assert.equal((await shake(context, back(session))).resumed, true);
  });

  test(`${version}: a ticket of another scope leads to a full handshake`, async () => {
    const keys = TicketKeys.create();
    const { session } = await shake(contextOf(keys), only);
    const elsewhere = await shake(contextOf(keys, { scope: Buffer.alloc(32, 2) }), back(session));
    assert.deepEqual([elsewhere.resumed, elsewhere.failure], [false, '']);
  });

  test(`${version}: without keys there are no tickets`, async () => {
    const context = openServerContext({ name: 'server', certificates: [certificate], scope: SCOPE });
    const { session, failure } = await shake(context, only);
    assert.equal(failure, '');
    if (session !== undefined) assert.equal((await shake(context, back(session))).resumed, false);
  });

  test(`${version}: a session does not outlive a client certificate that is required`, async () => {
    const keys = TicketKeys.create();
    const expired = ca.issue({ notAfter: new Date(Date.now() - 60_000) });
    const show = { ...only, cert: expired.chain, key: expired.key };
    // Where it is optional, an expired one is served; so there is a session of one that has expired since, without waiting.
    const optional = contextOf(keys, { clients: { roots: ca.certificate, required: false } });
    const { session } = await shake(optional, show);
    const again = await shake(optional, { ...show, ...back(session) });
    assert.deepEqual([again.resumed, again.failure], [true, '']);
    const required = contextOf(keys, { clients: { roots: ca.certificate, required: true } });
    const refused = await shake(required, { ...show, ...back(session) });
    assert.deepEqual([refused.resumed, refused.failure], [true, 'the client certificate has expired since']);
  });
}

test('keys have a length', () => {
  assert.throws(() => TicketKeys.create().rotate(new Uint8Array(16)), RangeError);
  TicketKeys.create().rotate(new Uint8Array(TICKET_KEY_BYTES));
});
