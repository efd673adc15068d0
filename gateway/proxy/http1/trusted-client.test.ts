import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RawBackend } from '../testbed/raw-backend.ts';
import { ask } from '../testbed/raw-client.ts';
import { ENGINES, eventually, TestProxy } from '../testbed/test-proxy.ts';

// CVE-2024-45806 and its like: what a stranger claims about himself.
const CLAIMS =
  'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 7.7.7.7, 8.8.8.8\r\nX-Forwarded-Proto: https\r\n\r\n';

for (const engine of ENGINES) {
  test(`${engine}: without trusted proxies the connection tells who the client is`, async (t) => {
    await using backend = await RawBackend.start();
    const log = logFile(t);
    await using proxy = await TestProxy.start([backend.port], { engine, more: { accessLog: { path: log } } });
    await ask(proxy.port, CLAIMS);
    const [request] = backend.requests;
    assert.equal(request?.header('x-forwarded-for'), '6.6.6.6, 7.7.7.7, 8.8.8.8, 127.0.0.1');
    assert.equal(request.header('x-forwarded-proto'), 'http');
    assert.match(await clientIn(log), /^127\.0\.0\.1:\d+$/);
  });

  test(`${engine}: the last of the addresses that trusted proxies saw is the client's`, async (t) => {
    await using backend = await RawBackend.start();
    const log = logFile(t);
    const more = { trustedHops: 2, accessLog: { path: log } };
    await using proxy = await TestProxy.start([backend.port], { engine, more });
    await ask(proxy.port, CLAIMS);
    const [request] = backend.requests;
    assert.equal(request?.header('x-forwarded-for'), '6.6.6.6, 7.7.7.7, 8.8.8.8, 127.0.0.1');
    assert.equal(request.header('x-forwarded-proto'), 'https', 'a trusted proxy has seen it');
    assert.equal(await clientIn(log), '7.7.7.7');
  });

  test(`${engine}: a request that came past the trusted proxies is its connection's`, async (t) => {
    await using backend = await RawBackend.start();
    const log = logFile(t);
    const more = { trustedHops: 5, accessLog: { path: log } };
    await using proxy = await TestProxy.start([backend.port], { engine, more });
    await ask(proxy.port, CLAIMS);
    assert.match(await clientIn(log), /^127\.0\.0\.1:\d+$/);
  });
}

function logFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'access.log');
}

async function clientIn(log: string): Promise<string> {
  await eventually(() => readFileSync(log, 'utf8').includes('\n'), 'the request is logged');
  const entry = JSON.parse(readFileSync(log, 'utf8')) as Record<string, string>;
  return entry['downstream_remote_address'] ?? '';
}
