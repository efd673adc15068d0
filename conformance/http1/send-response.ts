// Runs a case of kind 'response': the backend answers with its bytes, and what the client gets is judged.
import { toBytes } from '../corpus/byte-text.ts';
import type { ResponseCase } from '../corpus/corpus.ts';
import type { Front } from './front.ts';
import { RawConnection } from './raw-connection.ts';
import type { Received } from './raw-connection.ts';
import { finalStatuses, readStatuses } from './status-line.ts';
import { BARE_LINE_END, FIELD_LINE } from './strict-parse.ts';

/** Longer ones are sent as a body instead. */
const PATH_BYTES = 6000;
const QUICK = { idleMs: 1300, firstMs: 2500, totalMs: 4500 };
/** Longer than the backend holds a connection open. */
const PATIENT = { idleMs: 3600, totalMs: 5000 };
const NEXT_REQUESTS = 4;
const INFORMATIONAL = 100;

export async function runResponse(one: ResponseCase, front: Front): Promise<string[]> {
  const connection = await RawConnection.open(front.host, front.http);
  await connection.send(makeRequest(one));
  const quick = typeof one.expect === 'number' || one.expect === 'no-poison';
  const received = await connection.read({
    ...(quick ? QUICK : PATIENT),
    until: (text) => typeof one.expect === 'number' && finalStatuses(text).length > 0 && text.includes('hi'),
  });
  const findings = judgeResponse(one.expect, received);
  if (one.expect === 'no-poison') findings.push(...(await judgeNext(front)));
  connection.close();
  return findings;
}

function makeRequest({ bytes, end }: ResponseCase): Buffer {
  const answer = toBytes(bytes);
  const suffix = end === undefined ? '' : `?${end}`;
  const path = `/raw/${answer.toString('hex')}${suffix}`;
  const line = (method: string, target: string): string =>
    `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n`;
  if (path.length <= PATH_BYTES) return Buffer.from(`${line('GET', path)}\r\n`);
  const head = `${line('POST', `/rawbody${suffix}`)}Content-Length: ${answer.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), answer]);
}

export function judgeResponse(expect: ResponseCase['expect'], received: Received): string[] {
  const { text } = received;
  if (typeof expect === 'number') {
    const [first] = finalStatuses(text);
    return [
      ...(first === expect ? [] : [`want ${expect}, got ${first ?? 'nothing'}`]),
      ...(expect === 200 && !/\r\n\r\n(hi|2\r\nhi\r\n)/.test(text) ? ['body'] : []),
    ];
  }
  switch (expect) {
    case 'clean-or-502':
      return judgeClean(received);
    case 'incomplete':
      return judgeIncomplete(received);
    default:
      return text.includes('POISON') && (/^HTTP\/1\.. 204/.test(text) || text.split('HTTP/1.1').length > 2)
        ? ['POISON SAME CONN']
        : [];
  }
}

function judgeClean({ text, closed }: Received): string[] {
  const findings: string[] = [];
  const statuses = readStatuses(text);
  const [first] = finalStatuses(text);
  if (first !== undefined && first < 500) {
    const head = text.slice(text.search(`HTTP/1.[01] ${first}`)).split('\r\n\r\n')[0]!;
    const lines = head.split('\r\n').slice(1);
    const names = lines.map((line) => line.split(':')[0]!.toLowerCase());
    const lengths = names.filter((name) => name === 'content-length').length;
    const coded = names.includes('transfer-encoding');
    if (head.includes('\0') || BARE_LINE_END.test(head)) findings.push('FORWARDED ctl');
    if (lines.some((line) => !FIELD_LINE.test(line))) findings.push('FORWARDED badhdr');
    if (lengths > 1 || (lengths > 0 && coded)) findings.push('FORWARDED framing');
    if (head.toLowerCase().includes('gzip') && coded) findings.push('FORWARDED TE');
  }
  if (statuses.includes(101)) findings.push('FORWARDED 101');
  if (statuses.filter((status) => status === 100).length > INFORMATIONAL)
    findings.push('FORWARDED 1xx flood');
  if (statuses.length === 0 && !closed) findings.push('HANG');
  return findings;
}

function judgeIncomplete({ text, closed }: Received): string[] {
  const [first] = finalStatuses(text);
  if (first === undefined) return closed ? [] : ['HANG'];
  if (first >= 500) return [];
  const end = text.indexOf('\r\n\r\n');
  const head = (end < 0 ? text : text.slice(0, end)).toLowerCase();
  const body = end < 0 ? '' : text.slice(end + 4);
  const length = /content-length: *(\d+)/.exec(head)?.[1];
  const chunksEnd = head.includes('chunked') ? body.endsWith('0\r\n\r\n') : true;
  const whole = length === undefined ? chunksEnd : body.length >= Number(length);
  if (whole) return ['TRUNCATION HIDDEN'];
  return closed ? [] : ['HANG not closed'];
}

async function judgeNext({ host, http }: Front): Promise<string[]> {
  for (let request = 0; request < NEXT_REQUESTS; request += 1) {
    const connection = await RawConnection.open(host, http);
    await connection.send('GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const { text } = await connection.read({
      idleMs: 1500,
      totalMs: 2000,
      until: (received) => received.includes('ok /next'),
    });
    connection.close();
    if (text.includes('POISON')) return ['POISONED NEXT'];
  }
  return [];
}
