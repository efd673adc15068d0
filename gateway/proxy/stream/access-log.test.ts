// One line per connection and per UDP session, when it has ended.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RawClient } from '../testbed/raw-client.ts';
import { StreamProxy } from '../testbed/stream-snapshot.ts';
import { name, TcpBackend } from '../testbed/tcp-backend.ts';
import { eventually, freePort } from '../testbed/test-proxy.ts';

for (const protocol of ['TCP', 'UDP'] as const)
  test(`${protocol}: who, where to, how much, and what went wrong`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-log-'));
    const path = join(directory, 'log');
    await using tcp = await TcpBackend.start(name('hello'));
    const udp = createSocket('udp4');
    udp.on('message', (_, { port, address }) => udp.send('hello', port, address));
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const port = protocol === 'TCP' ? tcp.port : udp.address().port;
    await using proxy = await StreamProxy.start(
      protocol,
      [{ ports: [port] }, { failure: 'BACKEND_NOT_FOUND' }],
      { sessionTimeout: 200 },
      { accessLog: { path } },
    );
    const clients: string[] = [];
    for (let turn = 0; turn < 2; turn++)
      if (protocol === 'TCP') {
        const client = await RawClient.open(proxy.port).catch(() => undefined);
        clients.push(`127.0.0.1:${client?.socket.localPort}`);
        client?.socket.end('abc');
        await client?.rest();
      } else {
        const socket = createSocket('udp4');
        socket.bind(await freePort(), '127.0.0.1');
        await once(socket, 'listening');
        clients.push(`127.0.0.1:${socket.address().port}`);
        socket.send('abc', proxy.port, '127.0.0.1');
        await eventually(() => lines(path).length > turn, 'the session ends');
        socket.close();
      }
    await eventually(() => lines(path).length === 2, 'two lines');
    const [good, bad] = lines(path).map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(good?.['protocol'], protocol);
    assert.deepEqual([good?.['bytes_received'], good?.['bytes_sent'], good?.['failure']], [3, 5, '']);
    assert.deepEqual(
      [good?.['listener'], good?.['route_name'], good?.['upstream_cluster'], good?.['upstream_host']],
      [`default/gateway/p${proxy.port}`, 'default/stream', 'default/s0:1', `127.0.0.1:${port}`],
    );
    assert.equal(good?.['downstream_remote_address'], clients[0]);
    assert.deepEqual(
      [bad?.['failure'], bad?.['response_flags'], bad?.['upstream_host']],
      ['BACKEND_NOT_FOUND', 'NC', ''],
    );
    udp.close();
    rmSync(directory, { recursive: true });
  });

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}
