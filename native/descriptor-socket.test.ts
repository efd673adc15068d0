import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DescriptorListener, DescriptorSocket, MOST_BYTES, MOST_DESCRIPTORS } from './descriptor-socket.ts';
import { SystemError } from './errno.ts';

test('messages come whole, in order, with their descriptors', (t) => {
  const { near, far } = pair(t);
  const file = openSync('/proc/self/stat', 'r');
  t.after(() => closeSync(file));
  near.send(Buffer.from('first'), []);
  near.send(Buffer.from('second'), [file, file]);
  const first = far.receive();
  assert.equal(first?.bytes.toString(), 'first');
  assert.deepEqual(first?.descriptors, []);
  const second = far.receive();
  assert.equal(second?.bytes.toString(), 'second');
  assert.equal(second?.descriptors.length, 2);
  for (const fd of second?.descriptors ?? []) {
    assert.notEqual(fd, file);
    assert.equal(fstatSync(fd).ino, fstatSync(file).ino);
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /flags:\t0?2\d{6}/, 'close-on-exec');
    closeSync(fd);
  }
  assert.equal(far.receive(), undefined);
});

test('the most of both fits, one more is refused', (t) => {
  const { near, far } = pair(t);
  const bytes = randomBytes(MOST_BYTES);
  const file = openSync('/dev/null', 'r');
  t.after(() => closeSync(file));
  const many = Array.from({ length: MOST_DESCRIPTORS }, () => file);
  near.send(bytes, many);
  const message = far.receive() ?? assert.fail('no message');
  assert.ok(message.bytes.equals(bytes));
  assert.equal(message.descriptors.length, MOST_DESCRIPTORS);
  for (const fd of message.descriptors) closeSync(fd);
  assert.throws(() => near.send(bytes, [...many, file]), SystemError);
  assert.throws(() => near.send(Buffer.concat([bytes, bytes]), []), SystemError);
  assert.throws(() => near.send(Buffer.from('x'), [999_999]), /sendmsg.*EBADF/);
});

test('the end of the other side is told', (t) => {
  const { near, far } = pair(t);
  assert.equal(far.receive(), undefined);
  near.close();
  assert.equal(far.receive(), null);
});

test('the path belongs to this user alone, and the other end is known', (t) => {
  const { listener, far } = pair(t);
  assert.equal(statSync(listener.path).mode & 0o777, 0o600);
  assert.equal(far.peerUser(), process.getuid?.());
});

test('a socket file left behind is replaced; a path that nobody listens at is refused', (t) => {
  const path = join(folder(t), 'socket');
  DescriptorListener.open(path).close();
  assert.ok(existsSync(path));
  assert.throws(() => DescriptorSocket.connect(path), /connect.*ECONNREFUSED/);
  const listener = DescriptorListener.open(path);
  t.after(() => listener.close());
  DescriptorSocket.connect(path).close();
  assert.throws(() => DescriptorSocket.connect(`${path}-`), /connect.*ENOENT/);
  assert.throws(() => DescriptorListener.open(`/${'x'.repeat(200)}`), SystemError);
});

function pair(t: TestContext): {
  listener: DescriptorListener;
  near: DescriptorSocket;
  far: DescriptorSocket;
} {
  const listener = DescriptorListener.open(join(folder(t), 'socket'));
  const near = DescriptorSocket.connect(listener.path);
  const far = listener.accept() ?? assert.fail('nobody waits');
  t.after(() => {
    far.close();
    listener.close();
  });
  return { listener, near, far };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-descriptor-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}
