// Readiness of descriptors through one sleeping thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFd } from './event-fd.ts';
import { FdWatcher } from './fd-watcher.ts';

/** Resolves at the next signal of `source`; the watch goes on. */
function next(watcher: FdWatcher, source: EventFd): Promise<void> {
  return new Promise((resolve) => {
    watcher.watch(source.fd, () => {
      source.take();
      resolve();
    });
  });
}

test('each descriptor wakes its own callback, added before or during the wait', async () => {
  const watcher = new FdWatcher();
  const [first, second] = [EventFd.open(), EventFd.open()];
  const one = next(watcher, first);
  const two = next(watcher, second);
  second.signal();
  await two;
  first.signal();
  await one;
  for (let round = 0; round < 50; round++) {
    const again = next(watcher, round % 2 === 0 ? first : second);
    (round % 2 === 0 ? first : second).signal();
    await again;
  }
  await watcher.unwatch(first.fd);
  await watcher.unwatch(second.fd);
  first.close();
  second.close();
});

test('after unwatch no callback comes, and the watcher can start again', async () => {
  const watcher = new FdWatcher();
  const source = EventFd.open();
  let calls = 0;
  watcher.watch(source.fd, () => calls++);
  const gone = watcher.unwatch(source.fd);
  source.signal();
  await gone;
  assert.equal(calls, 0);
  await next(watcher, source);
  await watcher.unwatch(source.fd);
  await watcher.unwatch(source.fd);
  source.close();
});

test('unwatch waits for the thread, also while it looks at others', async () => {
  const watcher = new FdWatcher();
  const [leaves, stays] = [EventFd.open(), EventFd.open()];
  watcher.watch(leaves.fd, () => {});
  watcher.watch(stays.fd, () => {});
  let left = false;
  const gone = watcher.unwatch(leaves.fd).then(() => (left = true));
  // The thread's answer comes through the event loop, never within a turn of promises.
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assert.equal(left, false);
  await gone;
  await watcher.unwatch(stays.fd);
  leaves.close();
  stays.close();
});

test('a descriptor closed without unwatch is dropped, the others go on', async () => {
  const watcher = new FdWatcher();
  const [closed, source] = [EventFd.open(), EventFd.open()];
  let calls = 0;
  const ready = next(watcher, source);
  // Closed only now: the watcher's own descriptor must not get the same number.
  closed.close();
  watcher.watch(closed.fd, () => calls++);
  source.signal();
  await ready;
  await watcher.unwatch(source.fd);
  assert.equal(calls, 0);
  source.close();
});
