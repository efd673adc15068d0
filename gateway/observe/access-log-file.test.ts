import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessLogFile } from './access-log-file.ts';

let directory = '';
before(() => (directory = mkdtempSync(join(tmpdir(), 'sluice-access-log-'))));
after(() => rmSync(directory, { recursive: true }));

test('two writers append to one file; reopening follows a rename', () => {
  const path = join(directory, 'access.log');
  const first = AccessLogFile.open(path);
  const second = AccessLogFile.open(path);
  assert.equal(first.write(Buffer.from('one\n')), 4);
  assert.equal(second.write(Buffer.from('two\n')), 4);
  renameSync(path, `${path}.1`);
  first.write(Buffer.from('three\n'));
  first.reopen();
  first.write(Buffer.from('four\n'));
  first.close();
  second.close();
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\nthree\n');
  assert.equal(readFileSync(path, 'utf8'), 'four\n');
});

test('a pipe whose reader sleeps takes what fits and then nothing, without blocking', () => {
  const path = join(directory, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  assert.throws(() => AccessLogFile.open(path), /ENXIO.*Mend: start the reader of the named pipe first/);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const sink = AccessLogFile.open(path);
  assert.equal(sink.pieceBytes, 4096);
  const piece = Buffer.alloc(sink.pieceBytes, 'x');
  let taken = 0;
  for (let now = sink.write(piece); now > 0; now = sink.write(piece)) taken += now;
  assert.ok(taken >= 4096);
  assert.equal(readSync(reader, Buffer.alloc(8192)), 8192);
  assert.equal(sink.write(piece), 4096, 'goes on when the reader reads');
  sink.close();
  closeSync(reader);
});

test('standard output that is a pipe is opened anew, so that nobody else meets O_NONBLOCK', async () => {
  const module = new URL('access-log-file.ts', import.meta.url).href;
  const script = `const { AccessLogFile } = await import('${module}');
    const log = AccessLogFile.open('-'); log.write(Buffer.from('line\\n')); log.close();`;
  const child = spawn('/bin/sh', ['-c', '"$0" --input-type=module -e "$1" | cat', process.execPath, script]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  assert.equal(output, 'line\n');
});

test('standard output that is a socket, as under systemd, serves as it is and never blocks', async () => {
  const module = new URL('access-log-file.ts', import.meta.url).href;
  // spawn's pipes are sockets. The child writes far more than they hold before we read anything.
  const script = `process.stdout.on('error', () => {});
    const { AccessLogFile } = await import('${module}');
    const log = AccessLogFile.open('-');
    const piece = Buffer.alloc(4096, 'x');
    let taken = 0;
    for (let i = 0; i < 4096; i++) taken += log.write(piece);
    log.close();
    process.stderr.write(JSON.stringify({ taken, pieceBytes: log.pieceBytes }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [report] = (await once(child.stderr, 'data')) as [Buffer];
  const { taken, pieceBytes } = JSON.parse(report.toString()) as { taken: number; pieceBytes: number };
  assert.equal(pieceBytes, 4096);
  assert.ok(taken > 0 && taken < 4096 * 4096, `${taken} bytes`);
  let read = 0;
  child.stdout.on('data', (chunk: Buffer) => (read += chunk.length));
  await once(child, 'close');
  assert.equal(read, taken, 'what was taken arrives');
});

test('standard output that is a socket which would block is refused', async () => {
  const module = new URL('access-log-file.ts', import.meta.url).href;
  const script = `const { AccessLogFile } = await import('${module}');
    try { AccessLogFile.open('-'); } catch (error) { process.stderr.write(error.message); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [message] = (await once(child.stderr, 'data')) as [Buffer];
  assert.match(message.toString(), /standard output is a socket; name a file, or pipe through cat$/);
  await once(child, 'close');
});

test('a path that cannot be opened names the path and the mend', () => {
  const path = join(directory, 'missing', 'access.log');
  assert.throws(() => AccessLogFile.open(path), {
    message: `access log ${path}: cannot be opened (ENOENT). Mend: create its directory`,
  });
});

test('a full disk takes nothing and does not throw', { skip: fullDevice() }, () => {
  const sink = AccessLogFile.open('/dev/full');
  assert.equal(sink.write(Buffer.from('line\n')), 0);
  sink.close();
});

function fullDevice(): string | false {
  try {
    closeSync(openSync('/dev/full', 'w'));
    return false;
  } catch {
    return '/dev/full cannot be opened';
  }
}
