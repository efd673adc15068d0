// The comparison can fail: a relay that changes one bit, or swallows an end, is found.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import { compareAll } from '../suite/websocket.ts';
import { converse, loadWebSocketCases } from './conversation.ts';
import { EchoServer } from './echo-server.ts';

const CASES = loadWebSocketCases();

interface Talk {
  readonly status: string;
  readonly protocol?: string;
  readonly frames?: readonly string[];
  readonly ended?: boolean;
}

async function talk(id: string, port: number): Promise<Talk> {
  return JSON.parse(
    await converse(
      CASES.find((one) => one.id === id)!,
      '127.0.0.1',
      port,
    ),
  ) as Talk;
}

test('the echo server answers as RFC 6455 says', async () => {
  const echo = await EchoServer.open();
  const { port } = echo;
  const first = async (id: string): Promise<string | undefined> => (await talk(id, port)).frames?.[0];
  const [text, fragments, ping, badText, badCode, reserved, continuation, normal, long] = await Promise.all(
    ['txt125', 'frag2', 'ping125', 'utf8-bad', 'close1005', 'op3', 'cont-first', 'close1000', 'txt65536'].map(
      first,
    ),
  );
  assert.match(text!, /^81 125 /);
  assert.match(fragments!, /^81 \d+ /);
  assert.match(ping!, /^8a 125 /);
  for (const closed of [badText, badCode, reserved, continuation, normal]) assert.match(closed!, /^88 2 /);
  assert.notEqual(normal, badText);
  assert.notEqual(badText, badCode);
  assert.match(long!, /^81 65536 /);
  assert.equal((await talk('hs-proto', port)).protocol, 'chat');
  assert.equal((await talk('close1000', port)).ended, true);
  for (const id of ['hs-ver12', 'hs-post', 'hs-http10', 'hs-upg2'])
    assert.deepEqual(await talk(id, port), { status: '4xx' }, id);
  await echo.close();
});

test('a relay that changes nothing passes, one that changes a bit fails', async () => {
  const echo = await EchoServer.open();
  const cases = CASES.filter(({ id }) => ['txt1', 'bin125', 'early', 'close1000'].includes(id));
  const outcomes = async (change: (bytes: Buffer) => void): Promise<string[]> => {
    const relay = await openRelay(echo.port, change);
    const port = (relay.address() as AddressInfo).port;
    const results = await compareAll(cases, echo.port, port, new AbortController().signal);
    await once(relay.close(), 'close');
    return results.map(({ outcome }) => outcome);
  };
  assert.deepEqual([...new Set(await outcomes(() => undefined))], ['passed']);
  const flip = (bytes: Buffer): void => {
    if (!bytes.toString('latin1').endsWith('\r\n\r\n')) bytes[bytes.length - 1]! ^= 1;
  };
  assert.deepEqual([...new Set(await outcomes(flip))], ['failed']);
  await echo.close();
});

/** `change` sees what comes from the server. */
async function openRelay(to: number, change: (bytes: Buffer) => void): Promise<Server> {
  const server = createServer((client) => {
    const backend = connect(to, '127.0.0.1');
    for (const socket of [client, backend]) socket.on('error', () => undefined);
    client.pipe(backend);
    backend.on('data', (bytes: Buffer) => {
      change(bytes);
      client.write(bytes);
    });
    backend.on('end', () => client.end());
    client.on('close', () => backend.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
