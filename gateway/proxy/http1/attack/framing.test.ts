// Attacks on framing and upgrades that were found in other proxies, one test each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raw, RawBackend } from '../../testbed/raw-backend.ts';
import { ask, RawClient } from '../../testbed/raw-client.ts';
import { ENGINES, TestProxy } from '../../testbed/test-proxy.ts';
import { UpgradeBackend } from '../../testbed/upgrade-backend.ts';
import * as fault from '../fault.ts';
import { Head } from '../head.ts';
import { scanRequest } from '../scan.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const LENGTH = `Content-Length: ${SMUGGLED.length}\r\n`;
const WEBSOCKET = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n';

function scan(text: string): { result: number; head: Head } {
  const head = new Head(128);
  const bytes = Buffer.from(text, 'latin1');
  return { result: scanRequest(head, bytes, 0, bytes.length), head };
}

test('CVE-2021-40346: the length of a name never overflows, so no long name is Content-Length or Host', () => {
  for (const word of ['Content-Length', 'Transfer-Encoding', 'Host'])
    for (const more of [256 - word.length, 256, 512, 65_536]) {
      const name = word + 'a'.repeat(more);
      const { result, head } = scan(`POST / HTTP/1.1\r\nHost: a\r\n${name}: 5\r\n\r\n`);
      assert.equal(result, fault.DONE, name.slice(0, 20));
      assert.deepEqual([head.contentLength, head.chunked, head.count, head.host], [-1, false, 2, 0]);
    }
});

test('CVE-2025-23167: CR LF CR X is no end of a head', () => {
  for (const end of ['\r\n\rX', '\r\n\r\r\n', '\n\r\n', '\r\r\n', '\r\n\n', '\r\n\r\t\n']) {
    const { result } = scan(`GET / HTTP/1.1\r\nHost: a${end}GET / HTTP/1.1\r\n\r\n`);
    assert.ok(result < 0, `${JSON.stringify(end)}: ${result}`);
  }
});

for (const engine of ENGINES) {
  test(`${engine}: desync by Expect (2025): a body that nobody asked for is never taken for a request`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    for (const expect of [
      '100-continue, x',
      'y 100-continue',
      '100-Continue;q',
      '100-continue\r\nExpect: z',
    ]) {
      using client = await RawClient.open(proxy.port);
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nExpect: ${expect}\r\n${LENGTH}\r\n${SMUGGLED}`);
      assert.equal((await client.answer()).status, 417, expect);
      assert.equal((await client.rest()).bytes.length, 0, 'and the connection is used no more');
    }
    assert.equal(backend.requests.length, 0);
  });

  test(`${engine}: CVE-2024-23326: 200 is no agreement to an Upgrade, even beside the fields of one`, async () => {
    const fields = 'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n';
    await using backend = await UpgradeBackend.start(`HTTP/1.1 200 OK\r\n${fields}\r\nhi`);
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${WEBSOCKET}\r\n${SMUGGLED}`);
    const answer = await client.answer();
    assert.deepEqual(
      [answer.status, answer.body.toString(), answer.headers.get('upgrade')],
      [200, 'hi', undefined],
    );
    assert.equal((await client.rest()).bytes.length, 0);
    assert.equal(backend.heads.length, 1, 'what came early was sent on');
  });

  test(`${engine}: CVE-2026-58055: an Upgrade with a body is refused, and no backend sees it`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    for (const body of [`${LENGTH}\r\n${SMUGGLED}`, 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'])
      for (const method of ['GET', 'POST']) {
        using client = await RawClient.open(proxy.port);
        client.send(`${method} / HTTP/1.1\r\nHost: a\r\n${WEBSOCKET}${body}`);
        assert.equal((await client.answer()).status, 400, method);
        assert.equal((await client.rest()).bytes.length, 0);
      }
    assert.equal(backend.requests.length, 0);
  });

  test(`${engine}: h2c upgrade smuggling: nobody is asked to change to HTTP/2`, async () => {
    await using backend = await RawBackend.start(
      raw('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
    );
    await using proxy = await TestProxy.start([backend.port], { engine });
    for (const upgrade of ['h2c', 'H2C', 'h2c, websocket', 'websocket, h2c', 'h2c\r\nUpgrade: websocket']) {
      const listed = 'Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
      const answer = await ask(
        proxy.port,
        `GET / HTTP/1.1\r\nHost: a\r\n${listed}Upgrade: ${upgrade}\r\n\r\n`,
      );
      assert.notEqual(answer.status, 101, upgrade);
      assert.doesNotMatch(backend.requests.at(-1)?.head ?? '', /h2c|http2-settings/i, upgrade);
    }
  });

  test(`${engine}: CVE-2026-2229: what a backend says about a WebSocket's compression passes untouched`, async () => {
    const extensions = 'permessage-deflate; server_max_window_bits=2; client_max_window_bits=99';
    await using backend = await UpgradeBackend.start(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: ${extensions}\r\n\r\n`,
    );
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${WEBSOCKET}\r\n`);
    assert.equal((await client.answer()).headers.get('sec-websocket-extensions'), extensions);
    const frame = Buffer.from('c1830102030405060708', 'hex');
    client.send(frame);
    client.socket.end();
    assert.deepEqual((await client.rest()).bytes, frame);
    assert.deepEqual(proxy.trouble, []);
  });
}
