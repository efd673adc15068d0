import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { awaitPort } from '../machine/await-port.ts';
import { makeCertificate } from '../machine/certificate.ts';
import { findCommand } from '../machine/install.ts';
import { findFreePort } from '../machine/port.ts';
import { nginx } from '../proxy/nginx.ts';
import { ENGINE_SCENARIOS, type EngineScenario } from '../scenario/engine-goal.ts';
import { ENGINE_WORK } from '../scenario/engine-work.ts';
import { Inspector } from './inspector.ts';
import { type Front } from './proof.ts';

const missing = ['nginx', 'openssl'].filter((command) => findCommand(command) === undefined);
const skip = missing.length === 0 ? false : `needs ${missing.join(' and ')}`;
const PATIENCE_MS = 2000;

const prove = (scenario: EngineScenario, front: Front, ms: number = PATIENCE_MS): Promise<void> =>
  ENGINE_WORK[scenario].prove(front, AbortSignal.timeout(ms));

test('a proxy that does the work passes every proof', { skip }, async (t) => {
  const front = await openFront(t);
  const program = nginx.start({ ...front, origins: front.inspector.ports, folder: makeFolder(t), core: 0 });
  t.after(() => program.stop());
  await awaitPort(program, front.ports.http);
  for (const scenario of ENGINE_SCENARIOS) await prove(scenario, front, 10_000);
});

test('an origin that is reached without a proxy passes none', { skip }, async (t) => {
  const front = await openFront(t);
  const { web, grpc } = front.inspector.ports;
  const direct = { ...front, ports: { http: web, https: web, h2c: grpc } };
  for (const scenario of ['http1-1k', 'post-10k', 'body-1m', 'new-connection', 'websocket'] as const)
    await assert.rejects(prove(scenario, direct), /x-forwarded-for was 'undefined'/, scenario);
  await assert.rejects(prove('grpc-unary', direct), /x-forwarded-for was 'undefined'/);
  await assert.rejects(prove('tls13-1k', direct), /wrong version number|packet length too long/i);
  await assert.rejects(prove('h2c-to-http1', { ...direct, ports: { ...direct.ports, h2c: web } }));
});

async function openFront(t: TestContext): Promise<Front> {
  const inspector = await Inspector.open();
  t.after(() => inspector[Symbol.asyncDispose]());
  const [http, h2c, https] = [await findFreePort(), await findFreePort(), await findFreePort()];
  return { ports: { http, h2c, https }, certificate: makeCertificate(makeFolder(t)), inspector };
}

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'proof-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
