import { after, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { EMPTY_SNAPSHOT } from '../model/snapshot.ts';
import { Exposition } from '../observe/exposition.ts';
import { Recorder } from '../observe/recorder.ts';
import { Series } from '../observe/series.ts';
import { hostOf, isLoopbackAddress } from './loopback.ts';
import { AdminServer, type AdminOptions } from './server.ts';

const series = new Series();
const recorders = [Recorder.create(series.caps)];
const snapshot = { ...EMPTY_SNAPSHOT, revision: 3 };
const finding = {
  code: 'SLU0101',
  level: 'error',
  file: 'a.yaml',
  message: 'broken',
  mend: 'mend it',
} as const;
const exposition = new Exposition({
  version: '0.0.0',
  series,
  recorders: () => recorders,
  snapshot: () => snapshot,
  appliedAt: () => 0,
  findings: () => [finding],
  workers: () => 1,
});
const OPTIONS: AdminOptions = {
  port: 0,
  exposition,
  notReady: () => [],
  snapshot: () => snapshot,
  findings: () => [finding],
};

async function open(t: TestContext, options: Partial<AdminOptions> = {}): Promise<AdminServer> {
  const server = await AdminServer.open({ ...OPTIONS, ...options });
  t.after(() => server.close());
  return server;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function get(url: string, { method = 'GET', host = 'localhost' } = {}): Promise<Got> {
  const sent = request(url, { method, headers: { host, connection: 'close' } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode!, headers: response.headers, body };
}

test('each page answers', async (t) => {
  const { url } = await open(t);
  assert.match(url, /^http:\/\/127\.0\.0\.1:[0-9]+$/);
  const index = await get(`${url}/`);
  assert.equal(index.status, 200);
  for (const path of ['/metrics', '/healthz', '/readyz', '/config']) {
    const got = await get(`${url}${path}?x=y`);
    assert.equal(got.status, 200, path);
    assert.ok(index.body.includes(path), `the index names ${path}`);
  }
  const metrics = await get(`${url}/metrics`);
  assert.match(metrics.headers['content-type']!, /^text\/plain; version=0\.0\.4/);
  assert.match(metrics.body, /^sluice_snapshot_revision 3$/m);
  const config = await get(`${url}/config`);
  assert.match(config.headers['content-type']!, /^application\/json/);
  assert.deepEqual(JSON.parse(config.body), { snapshot, findings: [finding] });
});

test('/config shows certificates without their keys', async (t) => {
  const certificate = { name: 'shop/web', chain: 'CHAIN', key: 'PRIVATE' };
  const { url } = await open(t, { snapshot: () => ({ ...snapshot, certificates: [certificate] }) });
  const { body } = await get(`${url}/config`);
  assert.ok(!body.includes('PRIVATE'));
  const shown = JSON.parse(body) as { snapshot: { certificates: unknown } };
  assert.deepEqual(shown.snapshot.certificates, [{ ...certificate, key: '(not shown)' }]);
});

test('not ready says why, and health does not depend on it', async (t) => {
  const reasons = ['worker 1 has not applied revision 1'];
  const { url } = await open(t, { notReady: () => reasons });
  const before = await get(`${url}/readyz`);
  assert.equal(before.status, 503);
  assert.match(before.body, /^- worker 1 has not applied revision 1$/m);
  assert.equal((await get(`${url}/healthz`)).status, 200);
  reasons.pop();
  assert.equal((await get(`${url}/readyz`)).status, 200);
});

test('a foreign Host is refused, so that a rebound name cannot read the port', async (t) => {
  const { url } = await open(t);
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'a b',
    '[::2]:80',
  ])
    assert.equal((await get(`${url}/config`, { host })).status, 403, host);
  for (const host of ['localhost', 'LOCALHOST:9962', '127.0.0.1', '127.9.9.9:1', '[::1]:9962'])
    assert.equal((await get(`${url}/config`, { host })).status, 200, host);
});

test('only GET and HEAD', async (t) => {
  const { url } = await open(t);
  const post = await get(`${url}/config`, { method: 'POST' });
  assert.equal(post.status, 405);
  assert.equal(post.headers['allow'], 'GET, HEAD');
  const head = await get(`${url}/config`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
  assert.ok(Number(head.headers['content-length']) > 0);
});

test('an unknown page is 404 and shows the list', async (t) => {
  const { url } = await open(t);
  for (const path of ['/nothing', '/constructor', '/__proto__']) {
    const got = await get(`${url}${path}`);
    assert.equal(got.status, 404, path);
    assert.match(got.body, /\/metrics/);
  }
});

test('a page that fails is 500 and the server goes on', async (t) => {
  const { url } = await open(t, {
    snapshot: () => {
      throw new Error('no snapshot');
    },
  });
  const got = await get(`${url}/config`);
  assert.equal(got.status, 500);
  assert.match(got.body, /no snapshot/);
  assert.equal((await get(`${url}/healthz`)).status, 200);
});

test('a network address is refused unless allowed, and says why', async (t) => {
  await assert.rejects(
    AdminServer.open({ ...OPTIONS, address: '0.0.0.0' }),
    /0\.0\.0\.0: not a loopback address.*Mend: /,
  );
  await assert.rejects(AdminServer.open({ ...OPTIONS, address: '::' }), /not a loopback address/);
  const { url } = await open(t, { address: '0.0.0.0', allowRemote: true });
  assert.equal((await get(`${url}/healthz`, { host: '10.0.0.1:9962' })).status, 200);
  assert.equal((await get(`${url}/healthz`, { host: 'evil.example' })).status, 403);
});

test('a port in use names the mend', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await assert.rejects(AdminServer.open({ ...OPTIONS, port }), {
    message: new RegExp(`^admin 127\\.0\\.0\\.1:${port}: EADDRINUSE\\. Mend: .*--admin-port$`),
  });
});

test('close frees the port while a client still holds a connection', async () => {
  const server = await AdminServer.open(OPTIONS);
  const held = request(`${server.url}/healthz`, { headers: { connection: 'keep-alive' } });
  held.on('error', () => {});
  held.end();
  const [response] = (await once(held, 'response')) as [IncomingMessage];
  response.resume();
  await server.close();
  const again = await AdminServer.open({ ...OPTIONS, port: Number(new URL(server.url).port) });
  await again.close();
});

test('loopback addresses and Host headers', () => {
  assert.equal(hostOf('LocalHost:1'), 'localhost');
  assert.equal(hostOf('[::1]'), '::1');
  for (const bad of [undefined, '', 'a/b', 'a:b:c', '[::1', 'user@localhost', 'localhost:999999', 'ü'])
    assert.equal(hostOf(bad), undefined, String(bad));
  assert.ok(
    isLoopbackAddress('127.255.0.1') && isLoopbackAddress('::1') && isLoopbackAddress('::ffff:127.0.0.1'),
  );
  assert.ok(!isLoopbackAddress('128.0.0.1') && !isLoopbackAddress('localhost') && !isLoopbackAddress('::'));
});
