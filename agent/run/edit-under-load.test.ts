import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from 'undici';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, routeYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestRun } from './testbed/test-run.ts';

const EDITS = 1000;

test('1,000 edits of a weight under load lose no request, and the last one holds', async () => {
  await using v1 = await TestBackend.start('v1');
  await using v2 = await TestBackend.start('v2');
  using directory = new TestDirectory();
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', { v1: v1.port, v2: v2.port }));
  directory.write('route.yaml', routeYaml({ v1: 90, v2: 10 }));
  await using run = await TestRun.start([directory.path, '--no-datapath', '--workers', '2']);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 16, maxRequestsPerClient: 50 });

  const editing = new AbortController();
  const failures: string[] = [];
  let requests = 0;
  const load = async (): Promise<void> => {
    while (!editing.signal.aborted) {
      try {
        const answer = await pool.request({
          path: '/',
          method: requests % 4 === 0 ? 'POST' : 'GET',
          body: null,
        });
        const body = await answer.body.text();
        if (answer.statusCode !== 200 || !/^v[12]$/.test(body)) failures.push(`${answer.statusCode} ${body}`);
      } catch (error) {
        failures.push(String(error));
      }
      requests += 1;
    }
  };
  const workers = Array.from({ length: 16 }, load);
  for (let edit = 1; edit <= EDITS; edit += 1) {
    const before = run.applied;
    // Never the weight of the edit before: an edit that changes nothing is no revision.
    const weight = edit === EDITS ? 100 : edit % 99;
    directory.write('route.yaml', routeYaml({ v1: 100 - weight, v2: weight }));
    await run.untilApplied(before);
  }
  // The last edit sends everything to v2, and was applied: no answer comes from v1 any more.
  for (let request = 0; request < 50; request += 1) {
    const answer = await pool.request({ path: '/', method: 'GET' });
    assert.equal(await answer.body.text(), 'v2');
  }
  editing.abort();
  await Promise.all(workers);
  await pool.close();
  assert.deepEqual(failures.slice(0, 3), []);
  assert.equal(run.applied, 1 + EDITS);
  assert.ok(requests > EDITS, `only ${requests} requests were sent`);
});
