// Runs a case of kind 'load': slow, many, rude or large clients over HTTP/1.1. The gateway must serve others meanwhile and after.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NamedCase } from '../corpus/corpus.ts';
import { isAlive, type Front } from './front.ts';
import { RawConnection } from './raw-connection.ts';

const HEAD = 'GET /x HTTP/1.1\r\nHost: localhost\r\n';
const PATIENCE_MS = 2000;

/** Connections that stay open while the gateway is probed. */
interface Load {
  readonly held?: readonly { close(): void }[];
  readonly findings?: readonly string[];
}

const LOADS: Readonly<Record<string, (front: Front) => Promise<Load>>> = {
  'slowloris-hdr': async (front) => ({ held: await hold(front, 300, `${HEAD}X: `) }),
  'slowloris-body': async (front) => ({
    held: await hold(front, 200, 'POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx'),
  }),
  'slow-read': async (front) => {
    const sockets = Array.from({ length: 30 }, () => readNothing(front));
    await sleep(500);
    return { held: sockets.map((socket) => ({ close: () => void socket.destroy() })) };
  },
  'half-close': async ({ host, http }) => {
    const connection = await RawConnection.open(host, http);
    await connection.send('GET /slow=0.3 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    connection.socket.end();
    await connection.read({ idleMs: 1500, totalMs: 2000, until: (text) => text.includes('ok /slow') });
    connection.close();
    return {};
  },
  'rst-mid': async ({ host, http }) => {
    for (let count = 0; count < 100; count += 1) {
      const connection = await RawConnection.open(host, http);
      await connection.send('GET /big=200000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
      connection.reset();
    }
    return {};
  },
  'big-post': postLarge,
  'pipeline-500': pipeline,
};

export async function runLoad({ name }: NamedCase, front: Front): Promise<string[]> {
  const load = LOADS[name];
  if (load === undefined) throw new Error(`there is no load '${name}'`);
  const { held = [], findings = [] } = await load(front);
  const during = await isAlive(front, PATIENCE_MS);
  for (const connection of held) connection.close();
  const after = await isAlive(front);
  return [...findings, ...(during ? [] : ['NOT ALIVE during']), ...(after ? [] : ['NOT ALIVE after'])];
}

/** Whether every load that a case names is here. */
export function knowsLoad(name: string): boolean {
  return Object.hasOwn(LOADS, name);
}

async function hold({ host, http }: Front, count: number, bytes: string): Promise<RawConnection[]> {
  const connections = await Promise.all(Array.from({ length: count }, () => RawConnection.open(host, http)));
  await Promise.all(connections.map((connection) => connection.send(bytes)));
  return connections;
}

/** Asks for 5 MB and never reads: the kernel's buffers of the connection fill, then the gateway's. */
function readNothing({ host, http }: Front): Socket {
  const socket = connect({ host, port: http });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /big=5000000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
}

async function postLarge({ host, http }: Front): Promise<Load> {
  const size = 20_000_000;
  const connection = await RawConnection.open(host, http);
  await connection.send(`POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`);
  const piece = Buffer.alloc(100_000, 'z');
  for (let sent = 0; sent < size; sent += piece.length) if (!(await connection.send(piece))) break;
  const { text } = await connection.read({
    idleMs: 4000,
    totalMs: 5000,
    until: (received) => received.includes('\r\n\r\n'),
  });
  connection.close();
  return {
    findings: /^.{0,12} (200|413) /.test(text) ? [] : [`big post: ${JSON.stringify(text.slice(0, 30))}`],
  };
}

async function pipeline({ host, http }: Front): Promise<Load> {
  const count = 500;
  const connection = await RawConnection.open(host, http);
  await connection.send('GET /p HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(count));
  const answers = (text: string): number => text.split('ok /p').length - 1;
  const { text } = await connection.read({
    idleMs: 2000,
    totalMs: 8000,
    until: (received) => answers(received) >= count,
  });
  connection.close();
  return { findings: answers(text) === count ? [] : [`pipelined ${answers(text)}/${count}`] };
}
