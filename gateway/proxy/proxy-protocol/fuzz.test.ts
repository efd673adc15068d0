// The corpus with bytes changed, cut, doubled and joined, from a fixed seed: the reader never throws, and what it said of the first
// bytes it says of all of them, however they come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BAD, GOOD, MOST, REST } from './corpus.ts';
import { readProxyHeader } from './read-header.ts';
import { randomOf } from '../../fuzz/random.ts';

const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 20_000);
const SEEDS: readonly Buffer[] = [...Object.values(GOOD), ...Object.values(BAD)].map(([header]) =>
  Buffer.from(header as string, 'latin1'),
);
const NASTY = ['\r', '\n', '\r\n', ' ', '\0', '%', ':', '.', '0', '\x20', '\x21', '\x11', '\xff'].map(
  (text) => Buffer.from(text, 'latin1'),
);

function mutate(random: (below: number) => number): Buffer {
  let bytes = SEEDS[random(SEEDS.length)]!;
  for (let change = random(4); change >= 0; change--) {
    const at = random(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const kind = random(6);
    if (kind === 0) bytes = Buffer.concat([before, NASTY[random(NASTY.length)]!, after]);
    else if (kind === 1) bytes = Buffer.concat([before, after.subarray(1 + random(4))]);
    else if (kind === 2) bytes = Buffer.concat([before, Buffer.from([random(256)]), after.subarray(1)]);
    else if (kind === 3) bytes = Buffer.concat([bytes, SEEDS[random(SEEDS.length)]!]);
    else if (kind === 4) bytes = before;
    else bytes = Buffer.concat([bytes, Buffer.from(REST)]);
  }
  return bytes;
}

test(`${ROUNDS} mutated headers`, () => {
  const random = randomOf(2_110);
  let headers = 0;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutate(random);
    const whole = readProxyHeader(bytes, 0, bytes.length, MOST);
    const cut = random(bytes.length + 1);
    const early = readProxyHeader(bytes, 0, cut, MOST);
    const where = () => `${bytes.toString('hex')} cut at ${cut}: ${JSON.stringify([early, whole])}`;
    if (typeof early === 'object') assert.deepEqual(whole, early, where());
    else if (typeof early === 'string') assert.equal(typeof whole, 'string', where());
    else if (typeof whole === 'object') assert.ok(whole.length > cut, where());
    if (typeof whole === 'object') {
      headers++;
      assert.ok(whole.length <= bytes.length && whole.length <= 16 + MOST, where());
      // Nothing behind the header has a say in it.
      assert.deepEqual(readProxyHeader(bytes, 0, whole.length, MOST), whole, where());
    } else if (whole === undefined) assert.ok(bytes.length < 16 + MOST, where());
    else refused++;
  }
  assert.ok(headers > ROUNDS / 20 && refused > ROUNDS / 20, `${headers} headers, ${refused} refused`);
});
