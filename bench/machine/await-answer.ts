// Waits for a program to serve HTTP, and reads one answer.
import type { Program } from './program.ts';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 50;
const ATTEMPT_MS = 2000;

/** The body of the first 200 answer of `url`. Throws with the end of the program's log when it ends or the time is over. */
export async function awaitAnswer(
  program: Program,
  url: string,
  patienceMs: number = PATIENCE_MS,
): Promise<string> {
  const end = Date.now() + patienceMs;
  let last = 'no answer';
  while (program.running && Date.now() < end) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(ATTEMPT_MS) });
      const body = await answer.text();
      if (answer.status === 200) return body;
      last = `status ${answer.status}`;
    } catch (error) {
      last = describe(error);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const state = program.running ? `did not serve ${url} within ${patienceMs / 1000} s (${last})` : 'ended';
  throw new Error(`${program.name} ${state}; it wrote:\n${program.log}`);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
