// Runs a case of kind 'tls': what the TLS listener agrees to, and what it survives. Certificates are not checked: any may be there.
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { NamedCase } from '../corpus/corpus.ts';
import { RawConnection, within } from './raw-connection.ts';

const HANDSHAKE_MS = 4000;
/** What a record of a ClientHello begins with, which then never goes on. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');
/** Offers what no server may take: no authentication or no encryption; RC4, 3DES, and key exchange by RSA without secrecy. */
const NULL_CIPHERS = 'eNULL:aNULL:@SECLEVEL=0';
const WEAK_CIPHERS = 'DES-CBC3-SHA:RC4:EXP:AES128-SHA:@SECLEVEL=0';

interface Agreed {
  readonly version: string | null;
  readonly protocol: string | false | null;
  /** A request over it got its answer; undefined where HTTP/2 was agreed on. */
  readonly served: boolean | undefined;
}

type Check = (host: string, port: number) => Promise<string[]>;

const CHECKS: Readonly<Record<string, Check>> = {
  ok12: mustServe({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
  ok13: mustServe({ minVersion: 'TLSv1.3' }),
  'alpn-none': mustServe({}),
  tls10: mustRefuse({ minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
  nullcipher: mustRefuse({ maxVersion: 'TLSv1.2', ciphers: NULL_CIPHERS }),
  weak3des: mustRefuse({ maxVersion: 'TLSv1.2', ciphers: WEAK_CIPHERS }),
  'alpn-bogus': async (host, port) => {
    const agreed = await shake(host, port, { ALPNProtocols: ['bogus/1'] });
    const picked = agreed?.protocol;
    return typeof picked === 'string' ? [`picked ${picked}`] : [];
  },
  'sni-long': async (host, port) => {
    await shake(host, port, { servername: `${`${'a'.repeat(60)}.`.repeat(3)}x` });
    return [];
  },
  garbage: async (host, port) => {
    for (let seed = 0; seed < 50; seed += 1) {
      const connection = await RawConnection.open(host, port);
      await connection.send(makeNoise(seed, 300));
      connection.close();
    }
    return awaitService(host, port);
  },
  'half-hello': async (host, port) => {
    const half = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(host, port)));
    await Promise.all(half.map((connection) => connection.send(HALF_HELLO)));
    const blocked = (await shake(host, port, {}))?.served !== true;
    for (const connection of half) connection.close();
    return [...(blocked ? ['blocked'] : []), ...(await awaitService(host, port))];
  },
  renego: async (host, port) => {
    const accepted = await renegotiates(host, port);
    return [...(accepted ? ['client renegotiation accepted'] : []), ...(await awaitService(host, port))];
  },
};

export async function runHandshake({ name }: NamedCase, host: string, port: number): Promise<string[]> {
  const check = CHECKS[name];
  if (check === undefined) throw new Error(`there is no TLS check '${name}'`);
  return check(host, port);
}

/** Whether every check that a case names is here. */
export function knowsHandshake(name: string): boolean {
  return Object.hasOwn(CHECKS, name);
}

function mustServe(options: ConnectionOptions): Check {
  return async (host, port) => {
    const agreed = await shake(host, port, options);
    return agreed?.served === true ? [] : [`failed: ${describe(agreed)}`];
  };
}

function mustRefuse(options: ConnectionOptions): Check {
  return async (host, port) => {
    const agreed = await shake(host, port, options);
    return agreed === undefined ? [] : [`accepted: ${describe(agreed)}`];
  };
}

async function awaitService(host: string, port: number): Promise<string[]> {
  return (await shake(host, port, {}))?.served === true ? [] : ['NOT ALIVE after'];
}

/** One handshake, and a request unless HTTP/2 was agreed on; undefined when the handshake failed. */
async function shake(host: string, port: number, options: ConnectionOptions): Promise<Agreed | undefined> {
  const socket = await open(host, port, options);
  if (socket === undefined) return undefined;
  const connection = new RawConnection(socket);
  const protocol = socket.alpnProtocol;
  let served: boolean | undefined;
  if (protocol !== 'h2') {
    await connection.send('GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const { text } = await connection.read({
      idleMs: 2500,
      totalMs: 3000,
      until: (received) => received.includes('ok /t'),
    });
    served = text.includes('ok /t');
  }
  const version = socket.getProtocol();
  connection.close();
  return { version, protocol, served };
}

/** Throws when nobody listens. */
async function open(host: string, port: number, options: ConnectionOptions): Promise<TLSSocket | undefined> {
  const socket = connect({ host, port, servername: 'localhost', rejectUnauthorized: false, ...options });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(HANDSHAKE_MS) });
    socket.on('error', () => undefined);
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    // Nobody there is not a refusal.
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') throw error;
    return undefined;
  }
}

/** Whether the server takes a second handshake that the client asks for (TLS 1.2, RFC 5746). */
async function renegotiates(host: string, port: number): Promise<boolean> {
  const socket = await open(host, port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  if (socket === undefined) return false;
  const answer = new Promise<boolean>((resolve) => {
    socket.on('error', () => resolve(false)).on('close', () => resolve(false));
    socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null));
  });
  const accepted = await within(answer, HANDSHAKE_MS, false);
  socket.destroy();
  return accepted;
}

/** The same for the same seed (a linear congruential generator). */
function makeNoise(seed: number, size: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

function describe(agreed: Agreed | undefined): string {
  return agreed === undefined ? 'no handshake' : `${agreed.version}, ALPN ${agreed.protocol || 'none'}`;
}
