// TLS that is not ours: passed on by the name in the ClientHello, whatever it carries, and closed when nobody has that name.
import { once } from 'node:events';
import { connect } from 'node:net';
import { findEnd, judgeCase, runCase } from '../case.ts';
import { findFreePorts } from '../machine/port.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { gateway, route, service } from '../target/manifest.ts';
import { SluiceDirectory } from '../target/sluice-directory.ts';
import type { Authority } from './authority.ts';
import { makeClientHello } from './client-hello.ts';
import { findRefusal, shakeHands } from './handshake.ts';
import { HttpsBackend } from './https-backend.ts';

const GROUP = 'passthrough';
const HOSTS = { one: 'one.example', wild: '*.two.example' } as const;

export async function judgePassthrough(context: SuiteContext, authority: Authority): Promise<CaseResult[]> {
  await using stack = new AsyncDisposableStack();
  const [port = 0] = await findFreePorts(1);
  const backends = await Promise.all(
    Object.entries(HOSTS).map(async ([name, host], index) => {
      const certificate = authority.issue({ names: [`DNS:${host}`] });
      const { port } = stack.use(await HttpsBackend.open(certificate, 'passed\n'));
      return [route('TLSRoute', name, name, { hostnames: [host] }), ...service(name, 40 + index, [port])];
    }),
  );
  const listener = { name: 'tls', protocol: 'TLS', port, tls: { mode: 'Passthrough' } };
  const sluice = stack.use(
    await SluiceDirectory.start({
      parent: context.folder,
      files: { all: [...gateway([listener]), ...backends.flat()] },
    }),
  );
  const reaches = (serverName: string, names: string): Promise<CaseResult> =>
    runCase(GROUP, `${serverName} reaches its backend`, async () => {
      const agreed = await shakeHands({ port, serverName });
      return [
        ...(agreed.names === names ? [] : [`the certificate is for ${agreed.names}`]),
        ...(agreed.status === 'HTTP/1.1 200 OK' ? [] : [`answer ${agreed.status}`]),
      ];
    });
  const refused = (id: string, serverName: string): Promise<CaseResult> =>
    runCase(GROUP, `${id} is refused`, async () =>
      (await findRefusal({ port, serverName })) === undefined ? ['it was answered'] : [],
    );
  const cases = await Promise.all([
    reaches('one.example', 'DNS:one.example'),
    reaches('x.two.example', 'DNS:*.two.example'),
    refused('a name of nobody', 'stranger.example'),
    refused('no name', ''),
    runCase(GROUP, 'a ClientHello in pieces reaches its backend', () => inPieces(port)),
  ]);
  const after = await findRefusal({ port, serverName: 'one.example' });
  return [
    ...cases,
    judgeCase(GROUP, 'it lives on', [...(after === undefined ? [] : [after]), ...findEnd(sluice.program)]),
  ];
}

/** A byte at a time, as a hostile or a far client does. */
async function inPieces(port: number): Promise<string[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  const answer = once(socket, 'data', { signal: AbortSignal.timeout(8000) });
  answer.catch(() => undefined);
  const hello = makeClientHello({
    version: 0x0303,
    ciphers: [0xc02b, 0xc02f],
    serverName: Buffer.from('one.example'),
  });
  try {
    for (const byte of hello) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const [bytes] = (await answer) as [Buffer];
    return bytes[0] === 22 ? [] : [`the answer begins with ${bytes[0]}`];
  } finally {
    socket.destroy();
  }
}
