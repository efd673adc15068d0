import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { awaitPort } from '../machine/await-port.ts';
import { findCommand } from '../machine/install.ts';
import { readMemory } from '../machine/memory.ts';
import { findFreePort } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { compile } from './compile.ts';
import { Holder } from './holder.ts';

const missing = ['cc', 'prlimit'].filter((command) => findCommand(command) === undefined);
const skip = missing.length === 0 ? false : `needs ${missing.join(' and ')}`;
const ALL = { good: 200, bad: 0, error: '' };

for (const kind of ['http', 'websocket'] as const)
  test(`${kind}: connections are held and answer again`, { skip }, async (t) => {
    const { program, port } = await startOrigin(t);
    const [holder, opened] = await Holder.open({ kind, port, connections: 200, core: 0 });
    t.after(() => holder[Symbol.asyncDispose]());
    assert.deepEqual(opened, ALL);
    const { rssBytes, privateBytes } = readMemory(program.pid);
    assert.ok(rssBytes > privateBytes && privateBytes > 0);
    assert.deepEqual(await holder.exchange(), ALL);
    assert.deepEqual(await holder.exchange(), ALL);
    await program.stop();
    const { good, bad, error } = await holder.exchange();
    assert.deepEqual([good, bad], [0, 200]);
    // Closed or, when we wrote first, reset.
    assert.notEqual(error, '');
  });

test('extended-connect: streams are held and answer again', { skip }, async (t) => {
  const server = createServer({ settings: { enableConnectProtocol: true } });
  let streams = 0;
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    streams += 1;
    assert.deepEqual([headers[':method'], headers[':protocol']], ['CONNECT', 'websocket']);
    stream.respond({ ':status': 200 });
    // Without its mask, as a server answers; the mask of hold-connections.ts is 1 2 3 4.
    stream.on('data', (message: Buffer) => {
      const payload = message.subarray(8).map((byte, index) => byte ^ ((index & 3) + 1));
      stream.write(Buffer.concat([Buffer.from([0x82, 126, 0, payload.length]), payload]));
    });
    stream.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const [holder, opened] = await Holder.open({ kind: 'extended-connect', port, connections: 200, core: 0 });
  t.after(() => holder[Symbol.asyncDispose]());
  assert.deepEqual(opened, ALL);
  assert.equal(streams, 200);
  assert.deepEqual(await holder.exchange(), ALL);
});

async function startOrigin(t: TestContext): Promise<{ readonly program: Program; readonly port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'holder-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const port = await findFreePort();
  const program = new Program('web-origin', [compile('web-origin', folder), String(port)], { core: 0 });
  t.after(() => program.stop());
  await awaitPort(program, port);
  return { program, port };
}
