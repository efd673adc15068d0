// A client that does nothing wrong while others do: each request must be answered.
import { KeepAliveClient } from '../drain/keep-alive-client.ts';

/** The status line of one answer over a new connection, or why there is none; and how long it took, in milliseconds. */
export async function askOnce(
  port: number,
  path = '/',
): Promise<{ readonly answer: string; readonly took: number }> {
  const client = new KeepAliveClient({ port, keepAlive: false });
  const begin = performance.now();
  try {
    const head = await client.request(path);
    return { answer: head.split('\r\n', 1)[0] ?? '', took: performance.now() - begin };
  } catch (error) {
    return {
      answer: error instanceof Error ? error.message : String(error),
      took: performance.now() - begin,
    };
  } finally {
    client.close();
  }
}

export function isGood(answer: string): boolean {
  return answer.startsWith('HTTP/1.1 200 ');
}

/** What is wrong with `count` requests, one after the other. */
export async function findBadAnswers(port: number, count: number): Promise<string[]> {
  const bad: string[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const { answer } = await askOnce(port);
    if (!isGood(answer)) bad.push(answer);
  }
  return bad.length === 0
    ? []
    : [`${bad.length} of ${count} requests failed: ${[...new Set(bad)].join('; ')}`];
}

/** Milliseconds until an answer is good; undefined when none is within `patienceMs`. */
export async function awaitGood(port: number, patienceMs: number, path = '/'): Promise<number | undefined> {
  const begin = performance.now();
  while (performance.now() < begin + patienceMs) {
    if (isGood((await askOnce(port, path)).answer)) return performance.now() - begin;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return undefined;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
