// A newer program takes the place of the one that serves, under load and with gRPC streams and WebSockets open: nothing is refused,
// nothing is cut, and the old program ends when its last connection has gone.
import {
  connect as connectHttp2,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { judgeCase, skipCase } from '../case.ts';
import { NODE, ROOT } from '../machine/checkout.ts';
import { Program } from '../machine/program.ts';
import { run } from '../machine/run.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { openTarget } from '../target/open-target.ts';
import { EchoLine } from './echo-line.ts';
import { Load, USUAL_LOAD } from './load.ts';
import { renderLoad, summariseLoad } from './load-summary.ts';
import { Origin } from './origin.ts';

const GROUP = 'upgrade';
const FLAG = '--upgrade-socket';
const LINES = 10;
const STREAM_PATH = '/echo.Echo/';
/** After the new program serves. */
const GO_ON_MS = 3000;
const PATIENCE_MS = 20_000;

export async function judgeUpgrade(context: SuiteContext): Promise<CaseResult[]> {
  const { target, say } = context;
  if (target.name !== 'sluice')
    return [skipCase(GROUP, 'all', 'how peers change their binary is not probed here')];
  const help = await run([NODE, join(ROOT, 'agent/main.ts'), 'run', '--help'], { timeoutMs: PATIENCE_MS });
  if (!help.stdout.includes(FLAG)) return [skipCase(GROUP, 'all', `this version has no ${FLAG}`)];
  await using web = await Origin.open('a');
  await using stack = new AsyncDisposableStack();
  const grpc = stack.adopt(await openStreamOrigin(), closeServer);
  const flags = ['--workers', '2', FLAG, join(context.folder, 'upgrade.sock')];
  const routes = [
    { prefix: '/', protocol: 'http1' as const, backends: [web.port] },
    { prefix: STREAM_PATH, protocol: 'h2c' as const, backends: [(grpc.address() as AddressInfo).port] },
  ];
  const old = stack.use(await openTarget(context, routes, { flags }));
  say(`upgrade: with ${LINES} WebSockets and ${LINES} gRPC streams open, under load`);
  const sockets = await Promise.all(Array.from({ length: LINES }, () => openWebSocket(old.ports.http)));
  const session = stack.adopt(connectHttp2(`http://127.0.0.1:${old.ports.h2c}`), (one) => one.destroy());
  session.on('error', () => undefined);
  const webSockets = sockets.map((socket) => new EchoLine(socket));
  const streams = Array.from({ length: LINES }, () => new EchoLine(openStream(session)));
  const load = new Load({ port: old.ports.http, ...USUAL_LOAD });
  await pause(1000);
  const next = stack.adopt(target.start(old.setting), (program) => program.stop());
  const ready = await awaitReady(next);
  await pause(GO_ON_MS);
  const summary = summariseLoad(await load.stop());
  const results = [
    judgeCase(GROUP, 'takes over', ready ? [] : [`the new program did not serve: ${next.log}`], ''),
    judgeCase(
      GROUP,
      'requests',
      [...summary.reasons, ...(summary.idleCloses === 0 ? [] : [`${summary.idleCloses} idle closes`])],
      renderLoad(summary),
    ),
    judgeLines('WebSockets', webSockets),
    judgeLines('gRPC streams', streams),
  ];
  for (const line of [...webSockets, ...streams]) line.end();
  session.close();
  results.push(await judgeOldEnds(old.program));
  return results;
}

async function judgeOldEnds(program: Program): Promise<CaseResult> {
  const begin = performance.now();
  const code = await Promise.race([program.exited, pause(PATIENCE_MS)]);
  const after = `${(performance.now() - begin).toFixed(0)} ms after its last connection`;
  if (code === undefined)
    return judgeCase(
      GROUP,
      'the old program ends',
      [`still there ${PATIENCE_MS / 1000} s after its last connection`],
      '',
    );
  return judgeCase(GROUP, 'the old program ends', code === 0 ? [] : [`with ${code}`, program.log], after);
}

function judgeLines(id: string, lines: readonly EchoLine[]): CaseResult {
  const faults = lines.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  const echoes = lines.reduce((sum, { echoes }) => sum + echoes, 0);
  const wrong =
    faults.length === 0
      ? []
      : [`${faults.length} of ${lines.length} cut: ${[...new Set(faults)].join('; ')}`];
  return judgeCase(
    GROUP,
    id,
    echoes === 0 ? [...wrong, 'no echo at all'] : wrong,
    `${lines.length} open, ${echoes} echoes`,
  );
}

/** Its own words say that it serves; the port says nothing, since the old program has it. */
async function awaitReady(program: Program): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS && program.running; waited += 50) {
    if (/^ready: /m.test(program.log)) return true;
    await pause(50);
  }
  return false;
}

async function openWebSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101 '))
    throw new Error(`no WebSocket: ${head.toString('latin1')}`);
  return socket;
}

function openStream(session: ClientHttp2Session): ReturnType<ClientHttp2Session['request']> {
  return session.request(
    { ':method': 'POST', ':path': `${STREAM_PATH}Both`, 'content-type': 'application/grpc', te: 'trailers' },
    { endStream: false },
  );
}

/** Echoes the bytes of every stream, and ends as gRPC does. */
async function openStreamOrigin(): Promise<Http2Server> {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function closeServer(server: Http2Server): void {
  server.close();
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined));
}
