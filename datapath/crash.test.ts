// kill -9 at moments spread over a whole start: what served goes on serving, and the next start takes over what is there.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { Desired } from './desired.ts';
import { SKIP_UNLESS_ROOT as skip } from './fixture/sandbox-cgroup.ts';
import { service, Sandbox } from './fixture/sandbox.ts';

const L4 = '127.96.0.1';
const L7 = '127.96.0.3';
const KILLS = 12;

test('killed at any moment of its start, a datapath is taken over by the next', { skip }, async (context) => {
  const node = new Sandbox(context);
  const [servers, client] = [await node.outsider(), await node.client()];
  const port = await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag: 'backend' });
  const ask = async (host: string): Promise<string> => {
    const { data, error } = await client.ask({ op: 'tcp', host, port: 80 });
    return error ?? data ?? '';
  };
  const desired: Desired = {
    revision: 1,
    services: [service(L4, [{ address: '127.0.0.1', port }]), service(L7, [], { redirect: true })],
  };

  const began = performance.now();
  // The time of a whole start, which leaves nothing behind.
  const whole = await node.owner(desired);
  const milliseconds = performance.now() - began;
  await whole.kill();
  node.open().close({ keep: false });

  let served = false;
  for (let kill = 1; kill <= KILLS; kill++) {
    const args = [node.cgroup.path, node.state, JSON.stringify(desired)];
    const owner = fork(new URL('fixture/owner.ts', import.meta.url), args);
    const gone = once(owner, 'exit');
    // The first part of a start is Node's own.
    await sleep(milliseconds * (0.4 + (0.6 * kill) / KILLS));
    owner.kill('SIGKILL');
    await gone;
    const balanced = await ask(L4);
    const redirected = await ask(L7);
    assert.ok(
      balanced === 'backend' || (!served && balanced === 'ECONNREFUSED'),
      `kill ${kill}: ${balanced}`,
    );
    served ||= balanced === 'backend';
    // Refused by the programs, or, before they are attached, because nobody listens there.
    assert.match(redirected, served ? /^EPERM$/ : /^(EPERM|ECONNREFUSED)$/, `kill ${kill}`);
  }

  const result = node.open().apply(desired);
  assert.equal(result.kind, 'applied');
  assert.deepEqual([await ask(L4), await ask(L7)], ['backend', 'EPERM']);
  const links = node.pins().filter((name) => name.startsWith('links/'));
  assert.equal(links.length, 10, links.join(', '));
  assert.ok(!links.some((name) => name.endsWith('_fresh')));
});
