// Clients that a proxy in front announces, and backends that are told whose connection they get.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { ok, RawBackend } from '../testbed/raw-backend.ts';
import { RawClient } from '../testbed/raw-client.ts';
import { StreamProxy, streamSnapshot } from '../testbed/stream-snapshot.ts';
import { echo, TcpBackend } from '../testbed/tcp-backend.ts';
import { ENGINES, eventually, freePort, snapshotOf, TestProxy } from '../testbed/test-proxy.ts';

const HEADER = 'PROXY TCP4 192.0.2.7 203.0.113.9 4711 443\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

/** The Snapshot with the PROXY protocol in front, at its backends, or both. */
function announced(snapshot: Snapshot, inbound: boolean, outbound?: 1 | 2): Snapshot {
  return {
    ...snapshot,
    ports: snapshot.ports.map((port) => ({ ...port, proxyProtocol: inbound })),
    clusters: snapshot.clusters.map((cluster) => ({
      ...cluster,
      ...(outbound && { proxyProtocol: outbound }),
    })),
  };
}

async function refused(port: number, bytes: string): Promise<boolean> {
  using client = await RawClient.open(port);
  client.send(bytes);
  const { bytes: answer, reset } = await client.rest();
  assert.equal(answer.length, 0);
  return reset;
}

for (const engine of ENGINES) {
  test(`${engine}: HTTP behind a header, whole, in pieces, with requests and without`, async () => {
    await using backend = await RawBackend.start(ok('hi'));
    await using proxy = await TestProxy.start([backend.port], { engine });
    await proxy.proxy.apply(announced(snapshotOf([proxy.port], [backend.port]), true));
    using client = await RawClient.open(proxy.port);
    client.send(HEADER + GET);
    assert.equal((await client.answer()).status, 200);
    assert.equal(backend.requests[0]?.header('x-forwarded-for'), '192.0.2.7');
    client.send(GET);
    assert.equal((await client.answer()).status, 200);
    using slow = await RawClient.open(proxy.port);
    for (const byte of HEADER + GET) {
      slow.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await slow.answer()).status, 200);
    assert.equal(backend.requests[2]?.header('x-forwarded-for'), '192.0.2.7');
    using local = await RawClient.open(proxy.port);
    local.send(`${SIGNATURE}\x20\x00\x00\x00${GET}`);
    assert.equal((await local.answer()).status, 200);
    assert.equal(backend.requests[3]?.header('x-forwarded-for'), '127.0.0.1');
    assert.deepEqual(proxy.trouble, []);
  });

  test(`${engine}: without a valid header nothing is served, nor beside the port that wants one`, async () => {
    await using backend = await RawBackend.start(ok('hi'));
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { headTimeout: 300 } });
    const snapshot = announced(snapshotOf([proxy.port], [backend.port]), true);
    const plain = await freePort();
    await proxy.proxy.apply({
      ...snapshot,
      ports: [...snapshot.ports, ...snapshotOf([plain], []).ports],
    });
    const bad = [
      GET,
      'PROXY TCP4 1.2.3.4\r\n',
      `PROXY UNKNOWN ${'x'.repeat(100)}`,
      `${SIGNATURE}\x21\x11\xff\xff`,
      // Never finished: its time runs out.
      'PROXY TCP4 ',
    ];
    for (const bytes of bad) assert.equal(await refused(proxy.port, bytes), true, bytes);
    using half = await RawClient.open(proxy.port);
    half.socket.end('PROXY TCP4 ');
    assert.equal((await half.rest()).reset, true);
    const { counts, layout } = proxy.proxy.recorders[0] ?? assert.fail();
    assert.equal(counts[layout.failures + FAILURE_INDEX.PROXY_HEADER_INVALID], bad.length + 1);
    using client = await RawClient.open(plain);
    client.send(HEADER + GET);
    assert.equal((await client.rest()).bytes.length, 0);
    assert.equal(backend.requests.length, 0);
  });

  test(`${engine}: backends are told whose connection it is, and no two clients share one`, async () => {
    await using backend = await RawBackend.start(ok('hi'));
    const dead = await freePort();
    await using proxy = await TestProxy.start([backend.port], { engine });
    await proxy.proxy.apply(announced(snapshotOf([proxy.port], [backend.port, dead]), false, 1));
    using one = await RawClient.open(proxy.port);
    using two = await RawClient.open(proxy.port);
    for (const client of [one, two, one, two, one]) {
      client.send(GET);
      assert.equal((await client.answer()).status, 200);
    }
    const heads = backend.requests.map(({ head, connection }) => `${connection} ${head.split('\r\n')[0]}`);
    const lineOf = ({ socket }: RawClient): string =>
      `PROXY TCP4 127.0.0.1 127.0.0.1 ${socket.localPort} ${proxy.port}`;
    assert.deepEqual(heads, [
      `0 ${lineOf(one)}`,
      `1 ${lineOf(two)}`,
      '0 GET / HTTP/1.1',
      '1 GET / HTTP/1.1',
      '0 GET / HTTP/1.1',
    ]);
    // And what a header said is said again.
    await proxy.proxy.apply(announced(snapshotOf([proxy.port], [backend.port]), true, 1));
    using three = await RawClient.open(proxy.port);
    three.send(HEADER + GET);
    assert.equal((await three.answer()).status, 200);
    assert.ok(backend.requests.at(-1)?.head.startsWith(HEADER));
  });

  test(`${engine}: at the limit of connections another client's idle one makes room`, async () => {
    await using backend = await RawBackend.start(ok('hi'));
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { maxConnections: 1 } });
    await proxy.proxy.apply(announced(snapshotOf([proxy.port], [backend.port]), false, 1));
    for (let connection = 0; connection < 3; connection++) {
      using client = await RawClient.open(proxy.port);
      client.send(GET);
      assert.equal((await client.answer()).status, 200);
      assert.match(
        backend.requests[connection]?.head ?? '',
        new RegExp(`^PROXY TCP4 .* ${client.socket.localPort} `),
      );
    }
    await eventually(() => backend.sockets.filter(({ destroyed }) => !destroyed).length === 1, 'one is left');
  });
}

test('TCP behind a header: what follows is the connection, and the backend can be told in turn', async () => {
  await using backend = await TcpBackend.start(echo);
  await using proxy = await StreamProxy.start(
    'TCP',
    [{ ports: [backend.port] }],
    {},
    {},
    { proxyProtocol: true },
  );
  using client = await RawClient.open(proxy.port);
  for (const piece of [HEADER.slice(0, 9), HEADER.slice(9), 'and', ' more']) {
    client.send(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  client.socket.end();
  assert.equal((await client.rest()).bytes.toString(), 'and more');
  const targets = [{ ports: [await freePort(), backend.port], proxyProtocol: 1 as const }];
  await proxy.apply(streamSnapshot(proxy.port, 'TCP', targets, { proxyProtocol: true }));
  for (let connection = 0; connection < 2; connection++) {
    using told = await RawClient.open(proxy.port);
    told.socket.end(`${HEADER}hello`);
    assert.equal((await told.rest()).bytes.toString(), `${HEADER}hello`);
  }
  await proxy.apply(streamSnapshot(proxy.port, 'TCP', [{ ports: [backend.port], proxyProtocol: 2 }]));
  using plain = await RawClient.open(proxy.port);
  const { localPort } = plain.socket;
  plain.socket.end('x');
  const header = (await plain.rest()).bytes;
  assert.equal(header.length, 29);
  assert.deepEqual([...header.subarray(16, 24)], [127, 0, 0, 1, 127, 0, 0, 1]);
  assert.deepEqual([header.readUInt16BE(24), header.readUInt16BE(26)], [localPort, proxy.port]);
  assert.deepEqual(proxy.trouble, []);
});
