// Which certificate is shown for which name: exact before wildcard, a wildcard for one label, and no harm by names that are none.
import { findEnd, judgeCase, runCase } from '../case.ts';
import { findFreePorts } from '../machine/port.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { gateway, route, secret, service } from '../target/manifest.ts';
import { SluiceDirectory } from '../target/sluice-directory.ts';
import type { Authority } from './authority.ts';
import { offer } from './client-hello.ts';
import { findRefusal, shakeHands } from './handshake.ts';

const GROUP = 'names';
const CIPHERS = [0xc02b, 0xc02f];

/** By what the client asks for: the name in the certificate that it should get. */
const CHOICES: Readonly<Record<string, string>> = {
  'a.example': 'DNS:a.example',
  'A.EXAMPLE': 'DNS:a.example',
  'b.wild.example': 'DNS:*.wild.example',
  'exact.wild.example': 'DNS:exact.wild.example',
  // A wildcard of the Gateway API stands for several labels, whatever a client thinks of the certificate then.
  'c.b.wild.example': 'DNS:*.wild.example',
};
/** Nobody's: the certificate of another name may be shown, but nothing be served. */
const STRANGERS = ['wild.example', 'stranger.example'];

/** Bytes in the place of a name. */
const ODD_NAMES: Readonly<Record<string, Buffer>> = {
  'of 1 byte': Buffer.from('a'),
  'of 255 bytes': Buffer.alloc(255, 'a'),
  'of 16,000 bytes': Buffer.alloc(16_000, 'b'),
  'not ASCII': Buffer.from('höst.example'),
  'with NUL': Buffer.from('a.example\0.evil.example'),
  'with control characters': Buffer.from('a\r\nb\x7f'),
  empty: Buffer.alloc(0),
  'an address': Buffer.from('127.0.0.1'),
  'with a dot at its end': Buffer.from('a.example.'),
};

export async function judgeNames(
  context: SuiteContext,
  authority: Authority,
  backend: number,
): Promise<CaseResult[]> {
  const [port = 0] = await findFreePorts(1);
  const hosts = { exact: 'a.example', wildcard: '*.wild.example', inside: 'exact.wild.example' };
  const listener = ([name, hostname]: [string, string]): object => ({
    name,
    protocol: 'HTTPS',
    port,
    hostname,
    tls: { certificateRefs: [{ name }] },
  });
  const secrets = Object.entries(hosts).map(([name, host]) =>
    secret(name, authority.issue({ names: [`DNS:${host}`] })),
  );
  await using sluice = await SluiceDirectory.start({
    parent: context.folder,
    files: {
      all: [
        ...gateway(Object.entries(hosts).map(listener)),
        ...secrets,
        route('HTTPRoute', 'all', 'web', {}),
        ...service('web', 10, [backend]),
      ],
    },
  });
  const chosen = Object.entries(CHOICES).map(([serverName, wanted]) =>
    runCase(GROUP, serverName, async () => {
      const { names, status } = await shakeHands({ port, serverName });
      return [
        ...(names === wanted ? [] : [`the certificate is for ${names}, not ${wanted}`]),
        ...(status === 'HTTP/1.1 200 OK' ? [] : [`answer ${status}`]),
      ];
    }),
  );
  const strangers = ['', ...STRANGERS].map((serverName) =>
    runCase(GROUP, serverName === '' ? 'no name' : `${serverName} is served by nobody`, async () => {
      const agreed = await shakeHands({ port, serverName }).catch(() => undefined);
      // RFC 9110 section 15.5.20: a host that the certificate does not cover is misdirected.
      return agreed === undefined || serverName === '' || /^HTTP\/1\.1 4\d\d /.test(agreed.status ?? '')
        ? []
        : [`answer ${agreed.status} by the certificate for ${agreed.names}`];
    }),
  );
  const odd = Object.entries(ODD_NAMES).map(([id, serverName]) =>
    runCase(GROUP, `a name ${id} is answered`, async () => {
      const reply = await offer(port, { version: 0x0303, ciphers: CIPHERS, serverName });
      return reply.kind === 'silent' ? ['no answer'] : [];
    }),
  );
  const cases = await Promise.all([...chosen, ...strangers, ...odd]);
  const after = await findRefusal({ port, serverName: 'a.example' });
  return [
    ...cases,
    judgeCase(GROUP, 'it lives on', [...(after === undefined ? [] : [after]), ...findEnd(sluice.program)]),
  ];
}
