// Who owns the datapath, and what stays when the owner goes: killed, replaced, closed.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BpfLink } from '#native/bpf/link';
import { BpfMap } from '#native/bpf/map';
import { Datapath } from './datapath.ts';
import type { Desired } from './desired.ts';
import { makeCgroup, SKIP_UNLESS_ROOT as skip } from './fixture/sandbox-cgroup.ts';
import { service, Sandbox } from './fixture/sandbox.ts';
import { LAYOUT_ID } from './layout.gen.ts';

const L4 = '127.96.0.1';
const L7 = '127.96.0.3';

test(
  'kill -9 of the owner: balanced Services work on, redirected ones are refused, a second start adopts',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const [servers, client] = [await node.outsider(), await node.client()];
    const port = await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag: 'backend' });
    const ask = async (host: string) => client.ask({ op: 'tcp', host, port: 80 });
    const desired: Desired = {
      revision: 1,
      services: [service(L4, [{ address: '127.0.0.1', port }]), service(L7, [], { redirect: true })],
    };

    const first = await node.owner(desired);
    assert.ok(
      'result' in first.report && first.report.result.kind === 'applied',
      JSON.stringify(first.report),
    );
    assert.equal(first.report.inheritance, 'fresh');
    assert.deepEqual(new Set(Object.values(first.report.result.links)), new Set(['attached']));
    assert.equal((await ask(L7)).data, `proxy ${first.pid}`);

    await first.kill();
    assert.equal((await ask(L4)).data, 'backend');
    assert.equal((await ask(L7)).error, 'EPERM');

    const second = await node.owner(desired);
    assert.ok(
      'result' in second.report && second.report.result.kind === 'applied',
      JSON.stringify(second.report),
    );
    assert.equal(second.report.inheritance, 'adopted');
    assert.deepEqual(new Set(Object.values(second.report.result.links)), new Set(['updated']));
    assert.equal((await ask(L4)).data, 'backend');
    assert.equal((await ask(L7)).data, `proxy ${second.pid}`);
  },
);

test('a kept datapath serves on, and opening it again disturbs nothing', { skip }, async (context) => {
  const node = new Sandbox(context);
  const [servers, client] = [await node.outsider(), await node.client()];
  const port = await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag: 'backend' });
  const desired: Desired = { revision: 1, services: [service(L4, [{ address: '127.0.0.1', port }])] };
  node.open().apply(desired);
  await client.ask({ op: 'loop', host: L4, port: 80 });
  for (let i = 0; i < 3; i++) {
    node.datapath.close({ keep: true });
    node.open().apply(desired);
    assert.equal(node.datapath.inheritance, 'adopted');
  }
  assert.ok(node.datapath.stats().balanced > 0, 'counters go on');
  const { counts = {} } = await client.ask({ op: 'stop' });
  assert.deepEqual(Object.keys(counts), ['backend'], 'no connect failed or went elsewhere');
});

test('a second process is refused while the first lives', { skip }, async (context) => {
  const node = new Sandbox(context);
  node.open();
  const second = await node.owner({ revision: 1, services: [] });
  assert.ok('error' in second.report);
  assert.match(
    second.report.error,
    new RegExp(`${node.state} is in use by process ${process.pid}. Mend: stop`),
  );
});

test(
  'of two processes that start at once, one serves and the other is refused',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const owners = await Promise.all([1, 2].map((revision) => node.owner({ revision, services: [] })));
    const errors = owners.flatMap(({ report }) => ('error' in report ? [report.error] : []));
    assert.equal(errors.length, 1, JSON.stringify(owners));
    assert.match(errors[0] ?? '', /is in use by process \d+/);
  },
);

test('close({ keep: false }) leaves no link, no pin, no mount, no directory', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  datapath.apply({ revision: 1, services: [service(L4, [])] });
  assert.equal(node.pins().filter((name) => name.startsWith('links/')).length, 8);
  const client = await node.client();
  assert.equal((await client.ask({ op: 'tcp', host: L4, port: 80 })).error, 'EPERM');
  datapath.close({ keep: false });
  assert.ok(!existsSync(node.state));
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(node.state));
  assert.equal((await client.ask({ op: 'tcp', host: L4, port: 80 })).error, 'ECONNREFUSED');
});

test('pins of another cgroup are replaced, and the old cgroup is let go', { skip }, async (context) => {
  const node = new Sandbox(context);
  const desired: Desired = { revision: 1, services: [service(L4, [])] };
  const other = makeCgroup();
  context.after(() => other.remove());
  const earlier = Datapath.open({ cgroup: other.path, state: node.state });
  earlier.apply(desired);
  earlier.close({ keep: true });
  const result = node.open().apply(desired);
  assert.ok(result.kind === 'applied');
  assert.deepEqual(new Set(Object.values(result.links)), new Set(['replaced']));
  const client = await node.client();
  assert.equal((await client.ask({ op: 'tcp', host: L4, port: 80 })).error, 'EPERM');
});

test('a cgroup that was removed under its links is no obstacle', { skip }, async (context) => {
  const node = new Sandbox(context);
  const gone = makeCgroup();
  const earlier = Datapath.open({ cgroup: gone.path, state: node.state });
  earlier.apply({ revision: 1, services: [] });
  earlier.close({ keep: true });
  await gone.remove();
  const result = node.open().apply({ revision: 2, services: [service(L4, [])] });
  assert.ok(result.kind === 'applied');
  const client = await node.client();
  assert.equal((await client.ask({ op: 'tcp', host: L4, port: 80 })).error, 'EPERM');
});

test(
  'maps of another version serve until the first revision of this one, then they go',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    node.open().apply({ revision: 1, services: [service(L4, [])] });
    node.datapath.close({ keep: true });
    // What another version pinned lies under another id.
    renameSync(join(node.state, LAYOUT_ID), join(node.state, '00000000'));
    const client = await node.client();
    const ask = async () => (await client.ask({ op: 'tcp', host: L4, port: 80 })).error;

    assert.equal(node.open().inheritance, 'replaced');
    assert.equal(await ask(), 'EPERM', 'the old programs are still in charge');
    const result = node.datapath.apply({ revision: 2, services: [] });
    assert.ok(result.kind === 'applied');
    assert.deepEqual(new Set(Object.values(result.links)), new Set(['updated']));
    assert.equal(await ask(), 'ECONNREFUSED', 'the new revision is');
    assert.deepEqual(
      node.pins().filter((name) => /^[^/.]+$/.test(name)),
      [LAYOUT_ID, 'links'].sort(),
    );
  },
);

test('pins that are not what they should be are named, and nothing is taken away', { skip }, (context) => {
  const node = new Sandbox(context);
  node.open().apply({ revision: 1, services: [service(L4, [])] });
  node.datapath.close({ keep: true });
  const before = readdirSync('/proc/self/fd').length;
  const [link, map] = [join(node.state, 'links/sluice_connect6'), join(node.state, LAYOUT_ID, 'proxy')];
  for (const [place, stranger] of [
    [link, map],
    [map, link],
  ] as const) {
    renameSync(place, `${node.state}/aside`);
    const pins = node.pins().length;
    const foreign = stranger === map ? BpfMap.fromPin(map) : BpfLink.fromPin(link);
    foreign.pin(place);
    foreign.close();
    assert.throws(() => node.open(), new RegExp(`${place} \\(a (map|link), not a (map|link)\\).*Mend: `));
    assert.equal(readdirSync('/proc/self/fd').length, before, 'no descriptor stays open');
    assert.equal(node.pins().length, pins + 1);
    renameSync(`${node.state}/aside`, place);
  }
  assert.equal(node.open().inheritance, 'adopted');
});

test('closing ends the claim even where something cannot be removed', { skip }, (context) => {
  const node = new Sandbox(context);
  const stranger = join(node.state, 'links', 'stranger');
  const datapath = node.open();
  datapath.apply({ revision: 1, services: [service(L4, [])] });
  mkdirSync(stranger);
  datapath.close({ keep: false });
  assert.deepEqual(
    node.pins().filter((name) => !name.endsWith('.debug')),
    ['links', 'links/stranger'],
  );
  rmdirSync(stranger);
  assert.equal(node.open().inheritance, 'fresh');
});

test('a directory that is no cgroup v2 is refused with the mend', { skip }, (context) => {
  const node = new Sandbox(context);
  assert.throws(
    () => Datapath.open({ cgroup: '/tmp', state: node.state }),
    /\/tmp is not a cgroup v2 directory.*Mend: .*findmnt/,
  );
  assert.ok(!existsSync(node.state), 'nothing was made');
});
