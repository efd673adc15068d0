// Bytes and latin1 text into and out of buffers. Those that write return the index after what they wrote.
// Node's Buffer has latin1Slice and latin1Write since ever, without documenting them: toString and write with an encoding
// do the same, but spend half of the time of a short text on finding it.

interface Latin1 {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number): number;
}

/** Below this many bytes a loop beats the call into native code. */
const SHORT = 32;

export function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > SHORT) {
    from.copy(to, at, start, end);
    return at + end - start;
  }
  while (start < end) to[at++] = from[start++]!;
  return at;
}

/** `text` is latin1. */
export function copyText(text: string, to: Buffer, at: number): number {
  return at + (to as Buffer & Latin1).latin1Write(text, at);
}

/** One character per byte. */
export function cutText(from: Buffer, start: number, end: number): string {
  return (from as Buffer & Latin1).latin1Slice(start, end);
}
