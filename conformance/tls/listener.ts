// What any TLS listener must hold to: versions, ciphers, groups, renegotiation, compression, tickets, ALPN and the names that clients
// send. SP 800-52r2 is the measure for versions and ciphers.
import { once } from 'node:events';
import { runCase } from '../case.ts';
import type { CaseResult } from '../report.ts';
import { offer, type Reply } from './client-hello.ts';
import { openTls, shakeHands } from './handshake.ts';

const OLD_VERSIONS = { 'SSL 3.0': 0x0300, 'TLS 1.0': 0x0301, 'TLS 1.1': 0x0302 } as const;
/** ECDHE with AES-GCM: an old client is refused for its version, not for its ciphers. */
const GOOD_CIPHERS = [0xc02b, 0xc02f, 0xc009, 0xc013, 0x002f];
const TLS12 = 0x0303;

/** IANA numbers. Each kind alone, so that none can hide behind another. */
const BAD_CIPHERS: Readonly<Record<string, readonly number[]>> = {
  'RSA key exchange': [0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d],
  'static ECDH': [0xc004, 0xc005, 0xc00e, 0xc00f, 0xc02d, 0xc031],
  'no encryption': [0x0001, 0x0002, 0x003b, 0xc006, 0xc010],
  anonymous: [0x0018, 0x001b, 0x0034, 0x006c, 0x00a6, 0xc018, 0xc019],
  '3DES': [0x000a, 0x0016, 0xc008, 0xc012],
  RC4: [0x0004, 0x0005, 0xc007, 0xc011],
  'export and DES': [0x0003, 0x0006, 0x0008, 0x0009, 0x0014, 0x0015],
};

export async function judgeListener(port: number): Promise<CaseResult[]> {
  return [
    ...(await judgeVersions(port)),
    ...(await judgeCiphers(port, 'P-256')),
    ...(await judgeAgreement(port)),
  ];
}

async function judgeVersions(port: number): Promise<CaseResult[]> {
  const results = ['TLSv1.2', 'TLSv1.3'].map((version) =>
    runCase('versions', `${version} is spoken`, async () => {
      const options = { minVersion: version, maxVersion: version } as {
        minVersion: 'TLSv1.2';
        maxVersion: 'TLSv1.2';
      };
      const { protocol, status } = await shakeHands({ port, options });
      return [...differs('version', protocol, version), ...differs('answer', status, 'HTTP/1.1 200 OK')];
    }),
  );
  const refused = Object.entries(OLD_VERSIONS).map(([name, version]) =>
    runCase('versions', `${name} is refused`, async () =>
      refusal(await offer(port, { version, ciphers: GOOD_CIPHERS })),
    ),
  );
  return Promise.all([...results, ...refused]);
}

/** `key` is that of the server's certificate: some ciphers are possible with one kind only. */
export function judgeCiphers(port: number, key: string): Promise<CaseResult[]> {
  return Promise.all(
    Object.entries(BAD_CIPHERS).map(([kind, ciphers]) =>
      runCase('ciphers', `${kind} is refused, ${key}`, async () =>
        refusal(await offer(port, { version: TLS12, ciphers })),
      ),
    ),
  );
}

async function judgeAgreement(port: number): Promise<CaseResult[]> {
  const compression = await runCase('compression', 'is never chosen', async () => {
    const reply = await offer(port, { version: TLS12, ciphers: GOOD_CIPHERS, compression: [1, 0] });
    return reply.kind === 'hello' && reply.compression !== 0 ? ['DEFLATE was chosen (CRIME)'] : [];
  });
  return [
    compression,
    ...(await judgeGroups(port)),
    ...(await judgeRenegotiation(port)),
    ...(await judgeTickets(port)),
    ...(await judgeAlpn(port)),
  ];
}

async function judgeGroups(port: number): Promise<CaseResult[]> {
  const agree =
    (groups: string): (() => Promise<string[]>) =>
    async () => {
      const options = { ecdhCurve: groups, maxVersion: 'TLSv1.2' } as const;
      const { group } = await shakeHands({ port, options }, false);
      return differs('group', group, 'prime256v1');
    };
  const weak = async (): Promise<string[]> => {
    const options = { ecdhCurve: 'secp224r1', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const agreed = await shakeHands({ port, options }, false).catch(() => undefined);
    return agreed === undefined ? [] : [`${agreed.group} was agreed`];
  };
  return [
    await runCase('groups', 'P-256 is spoken', agree('prime256v1')),
    await runCase(
      'groups',
      'P-256 goes before X25519, whatever the client likes better',
      agree('X25519:prime256v1'),
    ),
    await runCase('groups', 'P-224 is refused', weak),
  ];
}

async function judgeRenegotiation(port: number): Promise<CaseResult[]> {
  const check = async (): Promise<string[]> => {
    const socket = openTls({ port, options: { maxVersion: 'TLSv1.2' } });
    socket.on('error', () => undefined);
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5000) });
      const { promise, resolve } = Promise.withResolvers<boolean>();
      socket.renegotiate({}, (error) => resolve(error === null));
      socket.once('close', () => resolve(false));
      setTimeout(resolve, 3000, false);
      return (await promise) ? ['a client may renegotiate'] : [];
    } finally {
      socket.destroy();
    }
  };
  return [await runCase('renegotiation', 'is refused', check)];
}

async function judgeTickets(port: number): Promise<CaseResult[]> {
  const resumes = (version: 'TLSv1.2' | 'TLSv1.3') => async (): Promise<string[]> => {
    const options = { minVersion: version, maxVersion: version } as const;
    const { session } = await shakeHands({ port, options });
    if (session === undefined) return ['no ticket came'];
    const again = await shakeHands({ port, options: { ...options, session } });
    return [
      ...(again.resumed ? [] : ['a new handshake was made']),
      ...differs('answer', again.status, 'HTTP/1.1 200 OK'),
    ];
  };
  return [
    await runCase('tickets', 'TLS 1.2 is resumed', resumes('TLSv1.2')),
    await runCase('tickets', 'TLS 1.3 is resumed', resumes('TLSv1.3')),
  ];
}

async function judgeAlpn(port: number): Promise<CaseResult[]> {
  const chooses = (offered: readonly string[], wanted: string | false) => async (): Promise<string[]> => {
    const { alpn } = await shakeHands({ port, options: { ALPNProtocols: [...offered] } }, false);
    return differs('protocol', alpn, wanted);
  };
  // RFC 7301 section 3.2 asks for the alert no_application_protocol; going on without a protocol does no harm.
  const unknown = async (): Promise<string[]> => {
    const agreed = await shakeHands({ port, options: { ALPNProtocols: ['unheard/1'] } }, false).catch(
      () => undefined,
    );
    return agreed === undefined || agreed.alpn === false ? [] : [`it chose ${agreed.alpn}`];
  };
  return [
    await runCase('alpn', 'h2 goes first', chooses(['http/1.1', 'h2'], 'h2')),
    await runCase('alpn', 'http/1.1 alone', chooses(['http/1.1'], 'http/1.1')),
    await runCase('alpn', 'none offered, none chosen', chooses([], false)),
    await runCase('alpn', 'an unknown one is not chosen', unknown),
  ];
}

/** What is wrong with a reply that should be a refusal. */
function refusal(reply: Reply): string[] {
  if (reply.kind === 'silent') return ['no answer'];
  if (reply.kind !== 'hello') return [];
  return [
    `agreed on version ${reply.version.toString(16)}, cipher ${reply.cipher.toString(16).padStart(4, '0')}`,
  ];
}

function differs(what: string, got: unknown, wanted: unknown): string[] {
  return got === wanted ? [] : [`${what} ${String(got)}, not ${String(wanted)}`];
}
