// Where the gateway under judgement listens, and whether it still lives.
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from './raw-connection.ts';

export interface Front {
  readonly host: string;
  readonly http: number;
  /** HTTP/2 by prior knowledge; undefined: not judged. */
  readonly h2c: number | undefined;
  /** undefined: not judged. */
  readonly tls: number | undefined;
}

const ATTEMPTS = 3;
const PAUSE_MS = 300;

/** Whether a plain request gets its 200 in one of a few attempts. */
export async function isAlive({ host, http }: Front, patienceMs: number = 1500): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await answers(host, http, patienceMs)) return true;
    await sleep(PAUSE_MS);
  }
  return false;
}

async function answers(host: string, port: number, patienceMs: number): Promise<boolean> {
  try {
    const connection = await RawConnection.open(host, port);
    await connection.send('GET /alive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const { text } = await connection.read({
      idleMs: patienceMs,
      totalMs: patienceMs,
      until: (received) => received.includes('ok /alive'),
    });
    connection.close();
    return /^HTTP\/1\.[01] 200 /.test(text);
  } catch {
    return false;
  }
}
