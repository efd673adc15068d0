// Connections that are no TLS: none of them may keep a descriptor, let alone end the gateway (CVE-2021-22883).
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { findEnd, judgeCase } from '../case.ts';
import type { CaseResult } from '../report.ts';
import type { OpenTarget } from '../target/open-target.ts';
import { makeClientHello } from './client-hello.ts';
import { findRefusal } from './handshake.ts';

const GROUP = 'garbage';
const CONNECTIONS = 500;
const AT_ONCE = 50;
const SETTLE_MS = 15_000;
/** What the gateway may open for itself meanwhile. */
const SLACK = 3;

/** Each connection sends one of these, and is closed by us after a moment, by FIN or by RST. */
const KINDS: readonly (() => Buffer)[] = [
  () => Buffer.alloc(0),
  () => randomBytes(300),
  () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  () => makeClientHello({ version: 0x0303, ciphers: [0xc02b] }).subarray(0, 40),
  () => Buffer.concat([makeClientHello({ version: 0x0303, ciphers: [0xc02b] }), randomBytes(100)]),
  () => Buffer.from([22, 3, 1, 0xff, 0xff, 1]),
  () => Buffer.from([21, 3, 1, 0, 2, 2, 40]),
];

export async function judgeGarbage({ ports, program }: OpenTarget): Promise<CaseResult> {
  const before = countDescriptors(program.pid);
  for (let done = 0; done < CONNECTIONS; done += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        sendGarbage(ports.https, KINDS[index % KINDS.length]!(), index % 2 === 0),
      ),
    );
  const end = Date.now() + SETTLE_MS;
  let after = countDescriptors(program.pid);
  while (after > before + SLACK && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    after = countDescriptors(program.pid);
  }
  const refused = await findRefusal({ port: ports.https });
  const wrong = [
    ...findEnd(program),
    ...(after > before + SLACK ? [`${after - before} descriptors are still open`] : []),
    ...(refused === undefined ? [] : [`a good client afterwards: ${refused}`]),
  ];
  return judgeCase(
    GROUP,
    `${CONNECTIONS} connections keep nothing`,
    wrong,
    `${before} descriptors before, ${after} after`,
  );
}

/** Of the program and its children. */
function countDescriptors(pid: number): number {
  const children = tasksOf(pid).flatMap((task) => read(`/proc/${pid}/task/${task}/children`));
  const own = list(`/proc/${pid}/fd`).length;
  return children.reduce((sum, child) => sum + countDescriptors(child), own);
}

function sendGarbage(port: number, bytes: Buffer, reset: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      setTimeout(() => {
        if (reset) socket.resetAndDestroy();
        else socket.destroy();
      }, 30);
    });
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
  });
}

function tasksOf(pid: number): string[] {
  return list(`/proc/${pid}/task`);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): number[] {
  try {
    return readFileSync(file, 'utf8')
      .trim()
      .split(' ')
      .filter((text) => text !== '')
      .map(Number);
  } catch {
    return [];
  }
}
