// The proxy as a whole: configurations change, ports come and go, workers die, and nobody's request is lost.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { Recorder } from '../observe/recorder.ts';
import { LISTENER, STATUS_CLASSES } from '../observe/recorder-layout.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { Proxy } from './proxy.ts';
import { ok, RawBackend } from './testbed/raw-backend.ts';
import { ask, RawClient } from './testbed/raw-client.ts';
import { ENGINES, eventually, freePort, rule, snapshotOf, TestProxy } from './testbed/test-proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const SWAPS = 1000;

for (const engine of ENGINES) {
  test(`${engine}: ${SWAPS} configurations under load lose no request`, async () => {
    await using one = await RawBackend.start(ok('one'));
    await using two = await RawBackend.start(ok('two'));
    await using proxy = await TestProxy.start([one.port], { engine, workers: 2 });
    const load = { on: true };
    let requests = 0;
    const send = async (): Promise<void> => {
      using client = await RawClient.open(proxy.port);
      while (load.on) {
        client.send(
          requests % 5 === 0 ? 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello' : GET,
        );
        const { status, body, head } = await client.answer();
        assert.equal(status, 200, `${head}${body.toString()}`);
        assert.match(body.toString(), /^(one|two)$/);
        requests++;
      }
    };
    const clients = Array.from({ length: 8 }, send);
    for (let swap = 0; swap < SWAPS; swap++) {
      const endpoints = [[one.port], [two.port], [one.port, two.port]][swap % 3] ?? [];
      await proxy.apply(endpoints, [rule({ route: `default/r${swap % 7}` })]);
    }
    load.on = false;
    await Promise.all(clients);
    assert.ok(requests > 100, `only ${requests} requests`);
    assert.ok(one.requests.length > 0 && two.requests.length > 0);
    assert.deepEqual(proxy.trouble, []);
  });

  test(`${engine}: a request under way keeps its rule; pools of endpoints that stay keep their connections`, async () => {
    await using backend = await RawBackend.start(() => undefined);
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(GET);
    await eventually(() => backend.requests.length === 1, 'the request arrives');
    await proxy.apply(
      [backend.port],
      [rule({ backends: [{ weight: 1, failure: 'BACKEND_NOT_FOUND', filters: [] }] })],
    );
    ok('kept')(backend.requests[0] ?? assert.fail());
    assert.equal((await client.answer()).body.toString(), 'kept');
    client.send(GET);
    assert.equal((await client.answer()).status, 500);
    backend.respond = ok('same');
    await proxy.apply([backend.port]);
    assert.equal((await ask(proxy.port, GET)).body.toString(), 'same');
    assert.equal(backend.sockets.length, 1);
    await proxy.apply([]);
    await eventually(() => backend.sockets[0]?.destroyed === true, 'an endpoint that left is disconnected');
  });

  test(`${engine}: a port in use is reported, nothing else stops, and it opens when it is free`, async () => {
    await using backend = await RawBackend.start();
    await using test = await TestProxy.start([backend.port], { engine, workers: 2 });
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const taken = (holder.address() as { port: number }).port;
    const both = snapshotOf([test.port, taken], [backend.port]);
    const report = await test.proxy.apply(both);
    assert.deepEqual(
      report.ports.map(({ port, state }) => [port, state]),
      [
        [test.port, 'listening'],
        [taken, 'failed'],
      ],
    );
    assert.match(report.ports[1]?.detail ?? '', /EADDRINUSE/);
    assert.match(report.ports[1]?.mend ?? '', /end the process that listens there/);
    assert.equal((await ask(test.port, GET)).status, 200);
    await new Promise((resolve) => holder.close(resolve));
    assert.equal((await test.proxy.apply(both)).ports[1]?.state, 'listening');
    assert.equal((await ask(taken, GET)).status, 200);
  });

  test(`${engine}: two proxies never share a port`, async () => {
    await using backend = await RawBackend.start();
    await using first = await TestProxy.start([backend.port], { engine });
    await using second = await Proxy.open({
      workers: 1,
      bind: '127.0.0.1',
      limits: DEFAULT_LIMITS,
      engine,
    }).then((proxy) => ({
      proxy,
      [Symbol.asyncDispose]: () => proxy.close(),
    }));
    const report = await second.proxy.apply(snapshotOf([first.port], [backend.port]));
    assert.equal(report.ports[0]?.state, 'failed');
  });

  test(`${engine}: a port that leaves is closed, its clients end after their answer, and it can come back`, async () => {
    await using backend = await RawBackend.start((request) => void setTimeout(() => ok('hi')(request), 100));
    await using test = await TestProxy.start([backend.port], { engine, workers: 2 });
    const other = await freePort();
    using client = await RawClient.open(test.port);
    client.send(GET);
    await eventually(() => backend.requests.length === 1, 'the request arrives');
    await test.proxy.apply(snapshotOf([other], [backend.port]));
    assert.equal((await client.answer()).headers.get('connection'), 'close');
    await test.proxy.apply(snapshotOf([test.port], [backend.port]));
    assert.equal((await ask(test.port, GET)).status, 200);
    await assert.rejects(eventuallyRefused(other), /refused/);
  });

  test(`${engine}: draining finishes what is in flight, accepts nothing new, and ends`, async () => {
    await using backend = await RawBackend.start(
      (request) => void setTimeout(() => ok('slow')(request), 300),
    );
    await using test = await TestProxy.start([backend.port], { engine, workers: 2 });
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(test.port)));
    for (const client of clients) client.send(GET);
    await eventually(() => backend.requests.length === 8, 'all requests arrive');
    const begin = Date.now();
    const drained = test.proxy.drain(10_000);
    for (const client of clients) {
      const answer = await client.answer();
      assert.deepEqual([answer.status, answer.headers.get('connection')], [200, 'close']);
      client.close();
    }
    await drained;
    assert.ok(Date.now() - begin < 9000, 'not for longer than needed');
    await assert.rejects(RawClient.open(test.port));
  });

  test(`${engine}: a worker that dies is replaced, and the others go on`, async () => {
    await using backend = await RawBackend.start();
    await using test = await TestProxy.start([backend.port], { engine, workers: 2 });
    using client = await RawClient.open(test.port);
    client.send(GET);
    await client.answer();
    test.proxy.crashWorker(0);
    test.proxy.crashWorker(1);
    await client.rest();
    await eventually(() => test.trouble.length === 2, 'both are reported');
    let answered = 0;
    for (const deadline = Date.now() + 5000; answered < 20;) {
      assert.ok(Date.now() < deadline, 'the workers did not come back');
      answered += await ask(test.port, GET).then(
        ({ status }) => (status === 200 ? 1 : 0),
        () => 0,
      );
    }
    await test.apply([backend.port], [rule({ route: 'default/other' })]);
    assert.equal((await ask(test.port, GET)).status, 200);
    const served = (): number =>
      test.proxy.recorders.reduce((sum, recorder) => sum + countServed(recorder), 0);
    // An answer is counted just after it was sent; the one that was followed by the crash may not be.
    await eventually(() => served() > answered, 'the counters go on where they were');
  });
}

test('epoll: while a worker is absent, another one accepts from its sockets', async () => {
  await using backend = await RawBackend.start();
  await using test = await TestProxy.start([backend.port], { workers: 2 });
  // Each death comes sooner than the one before is forgotten: the pause grows to more than a second.
  for (let death = 1; death <= 6; death++) {
    test.proxy.crashWorker(0);
    await eventually(() => test.trouble.length === death, 'it is reported');
    if (death < 6) await test.apply([backend.port]);
  }
  const [absent, present] = test.proxy.recorders.map((recorder) => () => countServed(recorder));
  assert.ok(absent && present);
  const before = { absent: absent(), present: present() };
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(test.port, GET)));
  assert.ok(answers.every(({ status }) => status === 200));
  await eventually(() => present() === before.present + 40, 'one has served all');
  assert.equal(absent(), before.absent);
  await test.apply([backend.port]);
  for (const deadline = Date.now() + 5000; absent() === before.absent; await ask(test.port, GET))
    assert.ok(Date.now() < deadline, 'the other one does not serve again');
});

for (const engine of ENGINES)
  test(`${engine}: short of memory, connections end with their answer, and then new ones are turned away`, async () => {
    await using backend = await RawBackend.start();
    let memory = 0.1;
    const more = { measurePressure: () => ({ memory, descriptors: 0 }) };
    await using test = await TestProxy.start([backend.port], { engine, more });
    using client = await RawClient.open(test.port);
    client.send(GET);
    assert.equal((await client.answer()).headers.get('connection'), undefined);
    memory = 0.93;
    const patience = Date.now() + 5000;
    for (let connection: string | undefined; connection !== 'close';) {
      assert.ok(Date.now() < patience, 'connections stay');
      client.send(GET);
      const answer = await client.answer();
      assert.equal(answer.status, 200);
      connection = answer.headers.get('connection');
    }
    memory = 0.96;
    while ((await ask(test.port, GET)).status !== 503)
      assert.ok(Date.now() < patience, 'new ones are let in');
  });

test('epoll: connections that wait in the queue of a listener that closes are served', async () => {
  await using backend = await RawBackend.start();
  await using test = await TestProxy.start([backend.port], { workers: 2 });
  for (let round = 0; round < 10; round++) {
    const asked = Array.from({ length: 20 }, () => ask(test.port, GET).then(({ status }) => status));
    // Some of them are connected, some are not: nobody who got a connection may be reset.
    await new Promise((resolve) => setImmediate(resolve));
    const leaving = test.proxy.apply(snapshotOf([], [backend.port]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await leaving;
    await test.apply([backend.port]);
    for (const status of await Promise.all(asked))
      assert.ok(status === 200 || status === 404, `got ${status}`);
  }
});

test('epoll: redirected connections go where they wanted, unknown ones are closed', async () => {
  await using backend = await RawBackend.start(ok('mesh'));
  const module = new URL('./testbed/fixed-destination.ts', import.meta.url).href;
  const proxy = await Proxy.open({
    workers: 2,
    bind: '127.0.0.1',
    limits: DEFAULT_LIMITS,
    engine: 'epoll',
    originalDestination: { module, data: { address: '10.96.0.7', port: 80 } },
  });
  try {
    const listeners = proxy.redirectListeners();
    const v4 = listeners.find(({ family }) => family === 4) ?? assert.fail('no listener');
    assert.equal(v4.fds.length, 2);
    // Before the first Snapshot nobody knows where it leads: it waits.
    using early = await RawClient.open(v4.port);
    await proxy.apply(snapshotOf([], [backend.port]));
    assert.equal((await early.rest()).bytes.length, 0, 'no Service has that address yet');
    await proxy.apply({
      ...snapshotOf([], [backend.port]),
      revision: 2,
      services: [
        {
          name: 'default/app:80',
          addresses: ['10.96.0.7'],
          port: 80,
          hosts: [{ hostname: '', rules: [rule()] }],
        },
      ],
    });
    const answer = await ask(v4.port, 'GET / HTTP/1.1\r\nHost: app\r\nX-Forwarded-Proto: https\r\n\r\n');
    assert.equal(answer.body.toString(), 'mesh');
    assert.equal(backend.requests[0]?.header('x-forwarded-proto'), 'https', 'kept within the mesh');
  } finally {
    await proxy.close();
  }
});

/** Answers of 2xx at all listeners. */
function countServed({ counts, layout }: Recorder): number {
  const place = STATUS_CLASSES.indexOf('2xx');
  return counts
    .subarray(layout.listeners, layout.routes)
    .reduce((sum, count, i) => sum + (i % LISTENER.width === place ? count : 0), 0);
}

/** Rejects with 'refused' as soon as nobody listens. */
async function eventuallyRefused(port: number): Promise<void> {
  for (const deadline = Date.now() + 3000; Date.now() < deadline;) {
    const error = await RawClient.open(port).then(
      (client) => client.close(),
      (error: unknown) => error,
    );
    if (error !== undefined) throw new Error('refused', { cause: error });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
