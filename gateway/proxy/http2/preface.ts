// Whether a connection on a plain port begins HTTP/2 by prior knowledge (RFC 9113 section 3.3).
import { PREFACE } from './frame.ts';

const NO_PREFACE = 0;
/** All that is here may be its beginning. */
export const PART_OF_PREFACE = 1;
export const WHOLE_PREFACE = 2;

export function findPreface(buffer: Buffer, start: number, end: number): number {
  const until = Math.min(end, start + PREFACE.length);
  for (let i = start; i < until; i++) if (buffer[i] !== PREFACE[i - start]) return NO_PREFACE;
  return until - start === PREFACE.length ? WHOLE_PREFACE : PART_OF_PREFACE;
}
