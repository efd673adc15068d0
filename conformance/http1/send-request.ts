// Runs a case of kind 'request': its bytes on one connection, then both sides are judged.
import { setTimeout as sleep } from 'node:timers/promises';
import { toBytes } from '../corpus/byte-text.ts';
import type { RequestCase } from '../corpus/corpus.ts';
import type { Front } from './front.ts';
import { judgeRequest } from './judge.ts';
import { RawConnection } from './raw-connection.ts';
import { makeToken, type Recorder } from './recorder.ts';
import { finalStatuses, readStatuses } from './status-line.ts';

/** What is still on its way to the backend when the client has its answer. */
const SETTLE_MS = 50;
/** Silence after an answer that shows that no second one comes, and before one that shows that none comes at all. */
const LIMITS = { idleMs: 450, firstMs: 2500, totalMs: 4000 };
const ACCEPT_LIMITS = { idleMs: 2500, totalMs: 6000 };

export async function runRequest(one: RequestCase, front: Front, recorder: Recorder): Promise<string[]> {
  const token = makeToken();
  const connection = await RawConnection.open(front.host, front.http);
  await connection.send(toBytes(one.bytes, token));
  const wanted = one.expect === 'accept' ? (one.requests ?? 1) : Infinity;
  const { text, closed } = await connection.read({
    ...(one.expect === 'accept' ? ACCEPT_LIMITS : LIMITS),
    until: (received) =>
      finalStatuses(received).length >= wanted && received.split('\r\n\r\n').length > wanted,
  });
  connection.close();
  await sleep(SETTLE_MS);
  return judgeRequest(one, { statuses: readStatuses(text), closed }, token, recorder.bytesOf(token));
}
