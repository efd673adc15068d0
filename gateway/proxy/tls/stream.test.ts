// TLS ports: passed through unread by the server name, or ended here and relayed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { TestCa } from '#native/tls/testbed/test-ca';
import type { StreamRoute } from '../../model/route.ts';
import type { Listener, ListenerTls, Snapshot } from '../../model/snapshot.ts';
import { TestProxy } from '../testbed/test-proxy.ts';

const ca = TestCa.create();
const behind = ca.issue({ dns: ['pass.test', 'other.test'] });
const own = ca.issue({ dns: ['end.test'] });

/** Echoes, by TLS or in the clear; says first who it is. */
async function echo(name: string, secure: boolean): Promise<{ port: number; close: () => void }> {
  const serve = (socket: NodeJS.ReadWriteStream): void => {
    socket.on('error', () => {});
    socket.write(`${name}:`);
    socket.pipe(socket);
  };
  const server = secure
    ? createServer({ cert: behind.chain, key: behind.key, allowHalfOpen: true }, serve)
    : (await import('node:net')).createServer({ allowHalfOpen: true }, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

function listener(hostname: string, tls: ListenerTls, cluster: string): Listener {
  const streams: StreamRoute[] = [
    {
      route: `default/${cluster}`,
      kind: 'TLSRoute',
      hostnames: [],
      backends: [{ weight: 1, cluster, filters: [] }],
    },
  ];
  return { name: `default/gateway/${hostname}`, hostname, hosts: [], tls, streams };
}

async function start(ports: Readonly<Record<string, number>>, certificates = [own]): Promise<TestProxy> {
  const proxy = await TestProxy.start([]);
  const snapshot: Snapshot = {
    revision: 2,
    ports: [
      {
        port: proxy.port,
        protocol: 'TLS',
        listeners: [
          listener('pass.test', { mode: 'passthrough', certificates: [] }, 'one'),
          listener('other.test', { mode: 'passthrough', certificates: [] }, 'two'),
          listener('end.test', { mode: 'terminate', certificates: [own.name] }, 'three'),
        ],
      },
    ],
    services: [],
    clusters: Object.entries(ports).map(([name, port]) => ({
      name,
      endpoints: [{ address: '127.0.0.1', port }],
    })),
    certificates,
  };
  const { refused, ports: reports } = await proxy.proxy.apply(snapshot);
  assert.equal(refused ?? reports[0]?.detail, '');
  return proxy;
}

async function talk(
  port: number,
  servername: string,
  text: string,
): Promise<{ said: string; subject: unknown }> {
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername, ca: ca.certificate });
  await once(socket, 'secureConnect');
  const subject = socket.getPeerX509Certificate()?.subjectAltName;
  let said = '';
  socket.setEncoding('utf8').on('data', (part: string) => (said += part));
  socket.end(text);
  await once(socket, 'end');
  return { said, subject };
}

test('each server name goes its way: passed through with the certificate of the backend, or ended here', async () => {
  const [one, two, three] = [await echo('one', true), await echo('two', true), await echo('three', false)];
  await using proxy = await start({ one: one.port, two: two.port, three: three.port });
  const passed = 'DNS:pass.test, DNS:other.test';
  assert.deepEqual(await talk(proxy.port, 'pass.test', 'hello'), { said: 'one:hello', subject: passed });
  assert.deepEqual(await talk(proxy.port, 'other.test', 'hello'), { said: 'two:hello', subject: passed });
  assert.deepEqual(await talk(proxy.port, 'end.test', 'hello'), {
    said: 'three:hello',
    subject: 'DNS:end.test',
  });
  const much = 'x'.repeat(3_000_000);
  for (const [name, first] of [
    ['pass.test', 'one:'],
    ['end.test', 'three:'],
  ] as const)
    assert.equal((await talk(proxy.port, name, much)).said === first + much, true, name);
  const lost = connect({ port: proxy.port, host: '127.0.0.1', servername: 'unknown.test' });
  await assert.rejects(once(lost, 'secureConnect'), /UNRECOGNIZED_NAME|unrecognized name/i);
  for (const { close } of [one, two, three]) close();
  assert.deepEqual(proxy.trouble, []);
});

test('without its backend a connection is cut off', async () => {
  const gone = await echo('gone', false);
  gone.close();
  await using proxy = await start({ one: gone.port, two: gone.port, three: gone.port });
  for (const servername of ['pass.test', 'end.test']) {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', servername, ca: ca.certificate });
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
  }
  const silent = connectPlain({ port: proxy.port, host: '127.0.0.1' });
  silent.end('not TLS');
  await new Promise((resolve) => silent.on('error', () => {}).once('close', resolve));
});
