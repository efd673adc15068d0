import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from 'undici';
import { canaryYaml, findFreePort, routeYaml, TestBackend, TestDirectory, TestRun } from './testbed.ts';

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

  let editing = true;
  const failures: string[] = [];
  let requests = 0;
  const load = async (): Promise<void> => {
    while (editing) {
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
    const weight = edit === EDITS ? 100 : edit % 100;
    directory.write('route.yaml', routeYaml({ v1: 100 - weight, v2: weight }));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // The last edit sends everything to v2: wait until it holds, still under load.
  const deadline = Date.now() + 20_000;
  for (let streak = 0; streak < 50;) {
    assert.ok(Date.now() < deadline, 'the last edit was not applied');
    const answer = await pool.request({ path: '/', method: 'GET' });
    streak = (await answer.body.text()) === 'v2' ? streak + 1 : 0;
  }
  editing = false;
  await Promise.all(workers);
  await pool.close();
  assert.deepEqual(failures.slice(0, 3), []);
  const applied = run.events.filter((event) => event.event === 'applied').length;
  assert.ok(applied > 50, `only ${applied} revisions were applied`);
  assert.ok(requests > EDITS, `only ${requests} requests were sent`);
});
