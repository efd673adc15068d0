// Clients that are slow, large, or half gone, many at a time: a good client among them is served, and the program lives.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { findEnd } from '../case.ts';
import { Origin } from '../drain/origin.ts';
import { openTarget, type OpenTarget } from '../target/open-target.ts';
import { pause, type Fault, type Finding } from './fault.ts';
import { findBadAnswers } from './good-client.ts';
import type { SuiteContext } from '../suite/suite.ts';

const GOOD_REQUESTS = 20;
const ANSWER_MS = 5000;

interface SlowKind {
  readonly id: string;
  readonly clients: number;
  readonly first: string;
  /** Sent every 200 ms. */
  readonly drip: string;
}

const SLOW: readonly SlowKind[] = [
  { id: '300 slow heads', clients: 300, first: 'GET / HTTP/1.1\r\nHost: localhost\r\n', drip: 'x: y\r\n' },
  {
    id: '200 slow bodies',
    clients: 200,
    first: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n',
    drip: 'z',
  },
  {
    id: '30 slow readers',
    clients: 30,
    first: 'GET /wait/50 HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50),
    drip: '',
  },
];

export const slowClients: Fault = {
  name: '21 slow clients',
  run: (context) =>
    withGateway(context, async (gateway) => {
      const findings: Finding[] = [];
      for (const kind of SLOW) findings.push({ id: kind.id, wrong: await among(gateway, kind) });
      return findings;
    }),
};

async function among({ ports, program }: OpenTarget, { clients, first, drip }: SlowKind): Promise<string[]> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => open(ports.http)));
  for (const socket of sockets) {
    socket.pause();
    socket.write(first);
  }
  const timer = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write(drip)), 200);
  await pause(500);
  const wrong = await findBadAnswers(ports.http, GOOD_REQUESTS);
  clearInterval(timer);
  for (const socket of sockets) socket.destroy();
  return [...wrong, ...findEnd(program)];
}

/** Requests with too much in their heads. */
const LARGE: Readonly<Record<string, string>> = {
  'a header of 70 KB': `x-large: ${'a'.repeat(70_000)}\r\n`,
  'a header of 1 MB': `x-large: ${'a'.repeat(1_000_000)}\r\n`,
  '20,000 headers': Array.from({ length: 20_000 }, (_, index) => `x-${index}: y\r\n`).join(''),
};

export const largeHeads: Fault = {
  name: '23 large heads',
  run: (context) =>
    withGateway(context, async (gateway) => {
      const findings: Finding[] = [];
      for (const [id, header] of Object.entries(LARGE)) {
        const answer = await exchange(
          gateway.ports.http,
          `GET / HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`,
          false,
        );
        // Who writes on while we have closed may get a reset instead of the answer.
        const refused = /^HTTP\/1\.1 4(00|13|31) /.test(answer) || answer === '';
        findings.push({ id, wrong: refused ? [] : [`answer '${answer.slice(0, 40)}'`] });
      }
      findings.push({ id: 'a good client afterwards', wrong: await findBadAnswers(gateway.ports.http, 5) });
      return findings;
    }),
};

export const halfClose: Fault = {
  name: '24 half-closed',
  run: (context) =>
    withGateway(context, async ({ ports, program }) => {
      const request = 'GET /wait/100 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => exchange(ports.http, request, true)),
      );
      const whole = answers.filter((answer) => /^HTTP\/1\.1 200 [\s\S]*\r\n\r\na\n$/.test(answer)).length;
      return [
        {
          id: '20 clients that say no more',
          // To drop the answer is allowed (RFC 9112 section 9.6 leaves it open); to half send it is not.
          wrong: answers.every((answer) => answer === '' || answer.endsWith('\r\n\r\na\n'))
            ? []
            : ['an answer is cut'],
          figures: `${whole} of 20 answered`,
        },
        {
          id: 'it lives on',
          wrong: [...findEnd(program), ...(await findBadAnswers(ports.http, 5))],
        },
      ];
    }),
};

async function withGateway(
  context: SuiteContext,
  judge: (gateway: OpenTarget) => Promise<Finding[]>,
): Promise<Finding[]> {
  await using origin = await Origin.open('a');
  await using gateway = await openTarget(context, [
    { prefix: '/', protocol: 'http1', backends: [origin.port] },
  ]);
  // Not before it is done may the gateway go.
  return await judge(gateway);
}

/** All that comes back until the gateway closes; '' when nothing does. */
async function exchange(port: number, request: string, halfClosed: boolean): Promise<string> {
  const socket = await open(port);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.write(request);
  if (halfClosed) socket.end();
  await Promise.race([once(socket, 'close').catch(() => undefined), pause(ANSWER_MS)]);
  socket.destroy();
  return received;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.on('end', () => socket.destroy());
  await Promise.race([once(socket, 'connect').catch(() => undefined), pause(ANSWER_MS)]);
  return socket;
}
