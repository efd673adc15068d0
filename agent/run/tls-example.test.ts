// examples/tls as its README says, with ports of its own: all four ways in, and a certificate that is made anew while it runs.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { get } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { parse } from 'yaml';
import { TestCa } from '#native/tls/testbed/test-ca';
import { analyze } from '../analyze/analysis.ts';
import { findFreePort } from './testbed/free-port.ts';
import { TestRun } from './testbed/test-run.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/tls');
const PORTS = ['18443', '15432', '18081', '18082', '18083', '18084', '18085'] as const;
const probe = spawnSync('sh', ['-c', 'command -v openssl']);
const skip = probe.status === 0 ? false : 'no openssl to make certificates';

const vault = TestCa.create('Vault root');
const ports = new Map<string, number>();
const servers: Server[] = [];
let directory = '';
let run: TestRun | undefined;

before(async () => {
  if (skip !== false) return;
  directory = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  await startBackends();
  for (const port of PORTS) if (!ports.has(port)) ports.set(port, await findFreePort());
  cpSync(EXAMPLE, directory, { recursive: true });
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.yaml'))) {
    let text = readFileSync(join(directory, file), 'utf8');
    for (const [written, port] of ports) text = text.replaceAll(written, String(port));
    writeFileSync(join(directory, file), text);
  }
  makeCertificates();
  run = await TestRun.start([directory, '--workers', '1']);
});

after(async () => {
  await run?.[Symbol.asyncDispose]();
  for (const server of servers) server.close();
  if (directory !== '') rmSync(directory, { recursive: true });
});

test('it has no findings once it has its certificate, and one for each listener before', { skip }, () => {
  assert.deepEqual(analyze(directory).findings, []);
  const bare = analyze(EXAMPLE).findings;
  assert.deepEqual(
    bare.map(({ code }) => code),
    ['SLU0222', 'SLU0222'],
  );
});

test('HTTPS ends at the Gateway', { skip }, async () => {
  assert.equal(await ask(), 'cart HTTP/1.1');
});

test('a GRPCRoute goes on as HTTP/2, with its trailers', { skip }, async () => {
  const session = connectHttp2(`https://grpc.example.com:${portOf('18443')}`, {
    host: '127.0.0.1',
    ca: certificate(),
    servername: 'grpc.example.com',
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/shop.Cart/Add',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5));
  let status: unknown;
  stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
  stream.resume();
  await once(stream, 'close');
  session.close();
  assert.equal(status, '0');
});

test('a TLSRoute is passed on unopened, on the port of the HTTPS listeners', { skip }, async () => {
  const socket = await shake('vault.example.com', vault.certificate);
  socket.end('word');
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  assert.equal(answer, 'vault: word');
});

test('a TCPRoute shares its connections out', { skip }, async () => {
  const answers: string[] = [];
  for (let i = 0; i < 10; i++) {
    const socket = connect(portOf('15432'), '127.0.0.1');
    socket.end('?');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    answers.push(answer);
  }
  assert.equal(answers.filter((answer) => answer === 'primary').length, 9, answers.join(' '));
  assert.equal(answers.filter((answer) => answer === 'replica').length, 1, answers.join(' '));
});

test('a new certificate is shown to new connections, and its key to nobody', { skip }, async () => {
  const before = await shake('shop.example.com', certificate());
  const old = before.getPeerX509Certificate()?.fingerprint256;
  await run?.afterEdit(makeCertificates);
  const later = await shake('shop.example.com', certificate());
  const now = later.getPeerX509Certificate()?.fingerprint256;
  assert.notEqual(now, old);
  assert.equal(now, new X509Certificate(certificate()).fingerprint256);
  before.destroy();
  later.destroy();
  const config = await (await fetch(`${run?.ready.admin}/config`)).text();
  assert.ok(config.includes('BEGIN CERTIFICATE'));
  assert.ok(!config.includes('PRIVATE KEY'));
});

async function startBackends(): Promise<void> {
  const http = createServer((request, response) => response.end(`cart HTTP/${request.httpVersion}`));
  const grpc = createHttp2Server();
  grpc.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.alloc(5));
  });
  const { chain, key } = vault.issue({ dns: ['vault.example.com'] });
  const tls = createTlsServer({ cert: chain, key, allowHalfOpen: true }, (socket) => {
    socket.once('data', (chunk) => socket.end(`vault: ${chunk.toString()}`));
  });
  const primary = createTcpServer((socket) => socket.end('primary'));
  const replica = createTcpServer((socket) => socket.end('replica'));
  const backends = { '18081': http, '18082': grpc, '18083': tls, '18084': primary, '18085': replica };
  for (const [written, server] of Object.entries(backends)) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ports.set(written, (server.address() as AddressInfo).port);
    servers.push(server);
  }
}

function makeCertificates(): void {
  const manifest = execFileSync('sh', [join(directory, 'certificates.sh')], { encoding: 'utf8' });
  writeFileSync(join(directory, 'certificates.yaml'), manifest);
}

/** The one in the manifest, as PEM. */
function certificate(): string {
  const secret = parse(readFileSync(join(directory, 'certificates.yaml'), 'utf8')) as {
    data: Record<string, string>;
  };
  return Buffer.from(secret.data['tls.crt'] ?? '', 'base64').toString();
}

function portOf(written: string): number {
  return ports.get(written) ?? 0;
}

async function shake(servername: string, ca: string): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port: portOf('18443'), servername, ca });
  await once(socket, 'secureConnect');
  return socket;
}

function ask(): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: portOf('18443'),
      servername: 'shop.example.com',
      headers: { host: 'shop.example.com' },
      ca: certificate(),
      agent: false as const,
    };
    get(options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}
