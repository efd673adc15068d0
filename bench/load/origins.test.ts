import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { awaitPort } from '../machine/await-port.ts';
import { findCommand } from '../machine/install.ts';
import { findFreePort } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { compile } from './compile.ts';
import { GRPC_MESSAGE } from './grpc-message.ts';
import { runH2load } from './h2load.ts';
import { runWebSocket } from './websocket.ts';

const skip = findCommand('cc') === undefined ? 'needs cc (apt-get install gcc libc6-dev)' : false;
const skipH2load =
  skip !== false || findCommand('h2load') !== undefined
    ? skip
    : 'needs h2load (apt-get install nghttp2-client)';

test('the web origin answers what the scenarios ask for, and nothing else', { skip }, async (t) => {
  const { url } = await start(t, 'web-origin');
  for (const [path, bytes] of [
    ['/1k', 1024],
    ['/1m', 1 << 20],
  ] as const)
    assert.equal(await (await fetch(`${url}${path}`)).text(), 'x'.repeat(bytes));
  const post = async (body: string): Promise<number> =>
    (await fetch(`${url}/post`, { method: 'POST', body })).status;
  assert.equal(await post('a'.repeat(10_240)), 200);
  assert.equal(await post('a'.repeat(10_239)), 400);
  assert.equal(await post(`${'a'.repeat(10_000)}${'b'.repeat(240)}`), 400);
  assert.equal((await fetch(`${url}/other`)).status, 400);
});

test('every WebSocket message comes back as it was', { skip }, async (t) => {
  const { port, folder } = await start(t, 'web-origin');
  const load = { program: compile('websocket', folder), connections: 4, seconds: 0.2, core: 0 };
  const report = await runWebSocket({ ...load, port }, t.signal);
  assert.ok(report.requests > 0);
  assert.deepEqual([report.errors, report.fault], [0, '']);
  const refused = await runWebSocket({ ...load, port: await findFreePort() }, t.signal);
  assert.deepEqual([refused.requests, refused.fault], [0, '4 connections failed: could not connect']);
});

test('a WebSocket message that comes back otherwise is an error', { skip }, async (t) => {
  const { folder } = await start(t, 'web-origin');
  const server = createServer((socket) => {
    const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
    socket.once('data', () => socket.write(`HTTP/1.1 101 Yes\r\nsec-websocket-accept: ${accept}\r\n\r\n`));
    socket.on('data', (message: Buffer) => message[0] === 0x82 && socket.write(message.subarray(0, 130)));
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const load = { program: compile('websocket', folder), connections: 1, seconds: 0.2, core: 0 };
  const report = await runWebSocket({ ...load, port }, t.signal);
  assert.deepEqual(
    [report.requests, report.fault],
    [0, '1 connections failed: an echo differs from its message'],
  );
});

test('the gRPC origin answers the right message alone', { skip }, async (t) => {
  const { url } = await start(t, 'grpc-origin');
  const session = connectHttp2(url);
  t.after(() => session.destroy());
  const call = async (message: Buffer): Promise<[string, Buffer]> => {
    const stream = session.request({ ':method': 'POST', ':path': '/', 'content-type': 'application/grpc' });
    let status = '';
    const read = (headers: IncomingHttpHeaders): void => {
      const told = headers['grpc-status'];
      if (told !== undefined) status = String(told);
    };
    stream.on('response', read).on('trailers', read);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.end(message);
    await once(stream, 'end');
    return [status, Buffer.concat(chunks)];
  };
  // The second answer names its headers by their place in the table that the first one filled.
  for (let turn = 0; turn < 2; turn += 1) assert.deepEqual(await call(GRPC_MESSAGE), ['0', GRPC_MESSAGE]);
  assert.deepEqual(await call(GRPC_MESSAGE.subarray(1)), ['13', Buffer.alloc(0)]);
  assert.deepEqual(await call(GRPC_MESSAGE), ['0', GRPC_MESSAGE]);
});

test(
  'h2load counts gRPC answers, and their bytes tell of those that failed',
  { skip: skipH2load },
  async (t) => {
    const { url, folder } = await start(t, 'grpc-origin');
    const call = async (name: string, message: Buffer): ReturnType<typeof runH2load> => {
      const body = join(folder, name);
      writeFileSync(body, message);
      const size = { connections: 2, streams: 2, seconds: 1, core: 0, answerBytes: GRPC_MESSAGE.length };
      return runH2load({ url, body, headers: ['te: trailers'], ...size }, t.signal);
    };
    const good = await call('good', GRPC_MESSAGE);
    assert.ok(good.requests > 0);
    assert.equal(good.fault, '');
    assert.match((await call('bad', Buffer.alloc(69))).fault, /answers had 0 bytes/);
  },
);

async function start(
  t: TestContext,
  name: string,
): Promise<{ readonly port: number; readonly url: string; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'origin-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const port = await findFreePort();
  const program = new Program(name, [compile(name, folder), String(port)], { core: 0 });
  t.after(() => program.stop());
  await awaitPort(program, port);
  return { port, url: `http://127.0.0.1:${port}`, folder };
}
