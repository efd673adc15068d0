// Valid messages with random bytes changed, cut, doubled and joined, from a fixed seed: whatever comes, the worker answers the
// next client, nothing is left hanging, and no defect is met.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawBackend } from '../testbed/raw-backend.ts';
import { ask, RawClient } from '../testbed/raw-client.ts';
import { ENGINES, TestProxy } from '../testbed/test-proxy.ts';
import { randomOf } from '../../fuzz/random.ts';

const ROUNDS = 400;
const REQUESTS = [
  'GET /a/b?c=d HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n',
  'GET http://a/%41/../b HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n',
  'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
];
const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n',
  'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nuntil the end',
];
const NASTY = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '%',
  '/',
  '\xff',
  '\r\n',
  '\r\n\r\n',
  '0',
  'f',
  'HTTP/1.1',
  '-',
  '\x7f',
];

function mutate(texts: readonly string[], random: (below: number) => number): string {
  let text = texts[random(texts.length)] ?? '';
  for (let change = random(4); change >= 0; change--) {
    const at = random(text.length + 1);
    const kind = random(5);
    if (kind === 0) text = text.slice(0, at) + (NASTY[random(NASTY.length)] ?? '') + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + random(4));
    else if (kind === 2) text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    else if (kind === 3) text += texts[random(texts.length)] ?? '';
    else text = text.slice(0, at);
  }
  return text;
}

for (const engine of ENGINES)
  test(`${engine}: ${ROUNDS} mutated requests and answers`, async () => {
    const random = randomOf(20_261);
    let strange = '';
    await using backend = await RawBackend.start(({ socket, head }) => {
      if (head.startsWith('GET /well ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell');
      else socket.end(strange, 'latin1');
    });
    const limits = { headTimeout: 300, idleTimeout: 300, responseTimeout: 300 };
    await using proxy = await TestProxy.start([backend.port], { engine, limits });
    const open: Promise<unknown>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      strange = mutate(ANSWERS, random);
      const client = await RawClient.open(proxy.port);
      const request = random(2) === 0 ? mutate(REQUESTS, random) : (REQUESTS[random(REQUESTS.length)] ?? '');
      client.send(request);
      const leave = random(10);
      if (leave < 3) client.socket.end();
      else if (leave === 3) client.socket.resetAndDestroy();
      // Each of them ends: by itself, or when its time is up.
      open.push(client.rest().finally(() => client.close()));
      if (round % 50 === 0)
        assert.equal(
          (await ask(proxy.port, 'GET /well HTTP/1.1\r\nHost: a\r\n\r\n')).body.toString(),
          'well',
        );
    }
    await Promise.all(open);
    assert.equal((await ask(proxy.port, 'GET /well HTTP/1.1\r\nHost: a\r\n\r\n')).body.toString(), 'well');
    assert.deepEqual(proxy.trouble, []);
  });
