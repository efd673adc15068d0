// One event, a system call of this process, seen through every kind of tracing attachment.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountFileSystem, unmount } from '../mount.ts';
import { cannotLoad, fixtureSpec } from './fixture/fixture.ts';
import type { BpfLink } from './link.ts';
import type { ObjectSpec } from './object-spec.ts';
import { loadObject, type LoadedObject } from './object.ts';
import { LINK_TYPE } from './program-type.ts';
import { attachRawTracepoint, attachTracepoint, attachTracing } from './tracing-link.ts';

const skip = cannotLoad;

/** System calls that nothing caches. */
function makeSystemCalls(): void {
  for (let index = 0; index < 50; index++) statSync('/proc/self');
}

function watch(
  program: string,
  variable: string,
  attach: (object: LoadedObject) => BpfLink,
  type: number,
): void {
  const object = loadObject(fixtureSpec('tracing'), {
    programs: [program],
    config: { watched: process.pid },
  });
  try {
    const link = attach(object);
    assert.equal(link.info().type, type);
    assert.equal(link.info().programId, object.program(program).id);
    makeSystemCalls();
    const seen = object.variable(variable).get();
    assert.ok(seen >= 50n, `${variable}: ${seen}`);
    link.close();
    const after = object.variable(variable).get();
    makeSystemCalls();
    assert.equal(object.variable(variable).get(), after, 'closing the link ends it');
  } finally {
    object.close();
  }
}

test(
  'tp_btf attaches by the BTF id it was loaded for (to the kernel it is a raw tracepoint)',
  { skip },
  () => {
    watch(
      'enter_by_btf',
      'by_btf',
      (object) => attachTracing(object.program('enter_by_btf')),
      LINK_TYPE.RAW_TRACEPOINT,
    );
  },
);

test('raw_tracepoint attaches by name', { skip }, () => {
  watch(
    'enter_raw',
    'by_raw',
    (object) => attachRawTracepoint(object.program('enter_raw')),
    LINK_TYPE.RAW_TRACEPOINT,
  );
});

test('tracepoint attaches through a perf event', { skip }, () => {
  const tracefs = mkdtempSync(join(tmpdir(), 'sluice-tracefs-'));
  mountFileSystem('tracefs', tracefs);
  try {
    assert.ok(existsSync(join(tracefs, 'events')));
    const attach = (object: LoadedObject): BpfLink =>
      attachTracepoint(object.program('enter_by_tracepoint'), undefined, tracefs);
    watch('enter_by_tracepoint', 'by_tracepoint', attach, LINK_TYPE.PERF_EVENT);
  } finally {
    unmount(tracefs);
    rmdirSync(tracefs);
  }
});

test('a tracepoint that is not there is named with the mend', { skip }, () => {
  const object = loadObject(fixtureSpec('tracing'), { programs: ['enter_by_tracepoint', 'enter_raw'] });
  assert.throws(
    () => attachTracepoint(object.program('enter_by_tracepoint'), 'no/such', '/nowhere'),
    /tracepoint no\/such is not under \/nowhere\. Mend: mount -t tracefs/,
  );
  assert.throws(
    () => attachRawTracepoint(object.program('enter_raw'), 'no_such'),
    /enter_raw to no_such: ENOENT\. Mend/,
  );
  object.close();
});

test('a program for a tracepoint that this kernel lacks is named with the mend', { skip }, () => {
  const spec = fixtureSpec('tracing');
  const program = [...spec.programs.values()].find((one) => one.kernelType !== undefined);
  assert.ok(program);
  const elsewhere = { ...program, kernelType: { name: 'btf_trace_no_such', kind: 'typedef' as const } };
  const programs = { value: new Map([[program.name, elsewhere]]) };
  const made = Object.create(spec, { programs }) as ObjectSpec;
  assert.throws(() => loadObject(made), {
    name: 'ObjectError',
    message: /needs btf_trace_no_such, which this kernel does not have\. Mend: .*leave the program out/,
  });
});
