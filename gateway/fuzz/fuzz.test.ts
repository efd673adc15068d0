// A short run of every target from a fixed seed, and everything that longer runs have found.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCampaign } from './campaign.ts';
import { Random } from './random.ts';
import { expect, type FuzzTarget } from './target.ts';
import { TARGETS } from './targets.ts';

const REGRESSIONS = fileURLToPath(new URL('regression', import.meta.url));
const INPUTS = 1500;

for (const target of TARGETS) {
  test(`${target.name}: ${INPUTS} inputs`, async () => {
    const { failure, executions } = await runCampaign(target, { seed: 20_261_125, executions: INPUTS });
    assert.equal(failure?.reason, undefined, `input ${JSON.stringify(failure?.input.toString('latin1'))}`);
    assert.equal(executions, INPUTS);
  });

  const folder = join(REGRESSIONS, target.name);
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    test(`${target.name}: ${name}`, async () => {
      const input = readFileSync(join(folder, name));
      for (let seed = 0; seed < 50; seed++) await target.run(Buffer.from(input), new Random(seed));
    });
}

test('a property that does not hold is found, and found again', async () => {
  const target: FuzzTarget = {
    name: 'broken',
    seeds: [Buffer.from('harmless')],
    tokens: ['bang'],
    run: (input) => expect(!input.includes('bang'), 'bang'),
  };
  const first = await runCampaign(target, { seed: 7, executions: 10_000 });
  const second = await runCampaign(target, { seed: 7, executions: 10_000 });
  assert.match(first.failure?.reason ?? '', /bang/);
  assert.deepEqual(first.failure?.input, second.failure?.input);
  assert.equal(first.executions, second.executions);
});
