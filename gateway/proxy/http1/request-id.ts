// Request ids for requests that bring none: 32 hexadecimal digits from a generator seeded by the system once per worker.
// They name requests in logs; nothing may rely on nobody guessing them.
import { randomFillSync } from 'node:crypto';

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const state = randomFillSync(new Int32Array(4));
// xoshiro128 stands still at zero.
state[0]! |= 1;

/** Writes an id at `at` and returns the index after it. */
export function writeRequestId(target: Uint8Array, at: number): number {
  for (let word = 0; word < 4; word++) {
    let bits = nextWord();
    for (let i = 0; i < 8; i++) {
      target[at++] = DIGITS[bits & 15]!;
      bits >>>= 4;
    }
  }
  return at;
}

/** xoshiro128++ (Blackman and Vigna, 2019). */
function nextWord(): number {
  const a = state[0]!;
  const b = state[1]!;
  const c = state[2]! ^ a;
  const d = state[3]! ^ b;
  const sum = (a + state[3]!) | 0;
  const result = (((sum << 7) | (sum >>> 25)) + a) | 0;
  state[1] = b ^ c;
  state[0] = a ^ d;
  state[2] = c ^ (b << 9);
  state[3] = (d << 11) | (d >>> 21);
  return result;
}
