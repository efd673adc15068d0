// What a load generator of the engine bench says of one turn, and whether its work was the work that was asked for. Pure.

export interface LoadReport {
  /** Requests, or messages, whose answers were whole. */
  readonly requests: number;
  readonly seconds: number;
  /** Answers that were wrong, and connections that failed. */
  readonly errors: number;
  /** What was wrong with the answers; '' for nothing. */
  readonly fault: string;
}

/** Bounds of the bytes of `requests` answers: whole ones, and those that were on their way when the turn ended. */
interface Expected {
  readonly requests: number;
  /** Bytes of one body. */
  readonly body: number;
  /** Most bytes of one head; 0 where only bodies are counted. */
  readonly head: number;
  readonly inFlight: number;
}

/** Load generators look at the status alone. An answer that is too short or too long shows in the sum; '' when it is as it should be. */
export function checkBytes(bytes: number, { requests, body, head, inFlight }: Expected): string {
  const least = requests * body;
  const most = (requests + inFlight) * (body + head);
  if (bytes >= least && bytes <= most) return '';
  return `${requests} answers had ${bytes} bytes, not ${least} to ${most}`;
}
