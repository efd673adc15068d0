// Objects in the real kernel: what programs return and leave behind shows that they were linked and relocated right.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { cannotLoad, fixtureSpec, u32 } from './fixture/fixture.ts';
import { BpfMap } from './map.ts';
import { MAP_TYPE } from './map-type.ts';
import { ObjectError } from './object-error.ts';
import { loadObject, type LoadedObject, type LoadOptions } from './object.ts';
import type { FIXTURES } from './fixture/fixture.ts';
import { BpfError } from './syscall.ts';
import { ProgramRefused } from './verifier-log.ts';

const skip = cannotLoad;

/** Loads for one test and closes after it, so that a failed assertion leaks nothing. */
function withObject(
  name: (typeof FIXTURES)[number],
  options: LoadOptions,
  use: (object: LoadedObject) => void,
): void {
  const object = loadObject(fixtureSpec(name), options);
  try {
    use(object);
  } finally {
    object.close();
  }
}

/** Runs a traffic program on a packet of 64 zeroes; `mark` is the argument that the fixtures read. */
function runTc(object: LoadedObject, program: string, mark = 0): number {
  const skb = Buffer.alloc(192);
  skb.writeUInt32LE(mark, 8);
  return object.program(program).testRun({ data: Buffer.alloc(64), ctx: skb }).retval;
}

const openFds = (): number => readdirSync('/proc/self/fd').length;

test('CO-RE: a deliberately wrong struct reads the right fields', { skip }, () => {
  withObject('core', {}, (object) => {
    assert.equal(object.program('read_task').testRun({}).retval, 0);
    assert.equal(object.variable('pid').get(), BigInt(process.pid));
    assert.equal(object.variable('tgid').get(), BigInt(process.pid), 'the relocation inside the subprogram');
    assert.ok(object.variable('size').get() > 1000n, 'sizeof(task_struct) is the kernel’s, not 12');
    assert.equal(object.variable('field_exists').get(), 0n);
    assert.equal(object.variable('type_exists').get(), 0n);
  });
});

test('subprograms: static, global, hidden and a callback', { skip }, () => {
  withObject('subprogram', {}, (object) => {
    // global(5) = leaf(5) + 1 = 11; hidden = leaf(7) = 14; length of the packet = 64
    assert.equal(runTc(object, 'calls', 5), 11 + 14 + 64);
    assert.equal(object.variable('trace').get(), 92131n);
    assert.equal(runTc(object, 'loops'), 2 * (0 + 1 + 2 + 3 + 4));
    assert.equal(runTc(object, 'literal'), 0);
  });
});

test('kfuncs: called by BTF id, weak ones that the kernel lacks are absent', { skip }, () => {
  withObject('kfunc', {}, (object) => {
    assert.equal(runTc(object, 'kernel_context', 77), 77);
    assert.equal(runTc(object, 'weak_symbols'), 7);
  });
});

test('a kernel variable has its address where the kernel keeps it', { skip }, () => {
  try {
    withObject('kernel-variable', {}, (object) => assert.equal(runTc(object, 'kernel_variable'), 0));
  } catch (error) {
    // Kernels without CONFIG_KALLSYMS_ALL know the type but not the address.
    assert.ok(error instanceof ProgramRefused);
    assert.match(error.message, /kernel symbol 'runqueues'.*Mend: .*CONFIG_KALLSYMS_ALL/);
  }
});

test('a program array and a map of maps hold what their definitions say', { skip }, () => {
  withObject('maps', {}, (object) => {
    assert.equal(runTc(object, 'jump', 3), 33);
    assert.equal(runTc(object, 'jump', 0), 1, 'an empty element falls through');
    object.map('first_row').update(u32(1), u32(11));
    object.map('second_row').update(u32(1), u32(22));
    assert.deepEqual(
      [0, 1, 2].map((row) => runTc(object, 'read_row', row)),
      [11, 404, 22],
    );
    const row = object.createInner('rows');
    row.update(u32(1), u32(33));
    object.map('rows').updateFd(u32(1), row.fd);
    row.close();
    assert.equal(runTc(object, 'read_row', 1), 33);
  });
});

test('configuration by name: scalars, bytes and members of a struct', { skip }, () => {
  const label = Buffer.from('abcdefgh');
  const config = { answer: 2n ** 64n - 1n, label, 'config.refuse': true, 'config.port': 8080 };
  withObject('cgroup', { config }, (object) => {
    assert.equal(object.variable('answer').get(), 2n ** 64n - 1n);
    assert.equal(object.variable('label').read().toString(), 'abcdefgh');
    // refuse = 1, port = 8080, enabled keeps its default of 1
    assert.equal(object.variable('config').read().toString('hex'), '01000000901f0100');
  });
});

test(
  'a wrong name, size or value in the configuration is refused before anything is loaded',
  { skip },
  () => {
    const before = openFds();
    const load = (config: NonNullable<LoadOptions['config']>) => (): unknown =>
      loadObject(fixtureSpec('cgroup'), { config });
    assert.throws(
      load({ answr: 1 }),
      /cgroup\.bpf\.o: there is no variable answr to configure. Mend: use one of .*answer/,
    );
    assert.throws(load({ 'config.nope': 1 }), /no member nope.*refuse, port, enabled/);
    assert.throws(load({ 'config.enabled': 256 }), /config\.enabled: 256 does not fit into 1 bytes/);
    assert.throws(load({ answer: Buffer.alloc(4) }), /variable answer has 8 bytes, the value has 4/);
    assert.throws(load({ label: 1.5 }), /label/);
    assert.equal(openFds(), before);
  },
);

test('.data and .bss are read and written while programs run, .rodata is constant', { skip }, () => {
  withObject('cgroup', {}, (object) => {
    const inner = object.createInner('revisions');
    inner.update(u32(1), u32(9));
    object.map('revisions').updateFd(u32(1), inner.fd);
    inner.close();
    assert.equal(runTc(object, 'lookup_inner'), 0);
    object.variable('limit').set(9);
    assert.equal(runTc(object, 'lookup_inner'), 1);
    assert.equal(object.variable('limit').get(), 9n);
    assert.throws(() => object.variable('answer').set(1), /answer is constant.*configuration/);
    assert.throws(() => object.map('.rodata').update(u32(0), Buffer.alloc(24)), BpfError);
  });
});

test('variables of a closed object cannot touch its memory', { skip }, () => {
  const object = loadObject(fixtureSpec('cgroup'));
  const calls = object.variable('calls');
  assert.equal(calls.get(), 0n);
  object.close();
  assert.throws(() => calls.get(), /closed/);
  object.close();
});

test('given maps are used and stay the caller’s; one that does not fit is refused', { skip }, () => {
  const first = loadObject(fixtureSpec('maps'), { programs: ['read_row'] });
  const shared = first.map('first_row');
  withObject('maps', { maps: new Map([['first_row', shared]]) }, (second) => {
    shared.update(u32(1), u32(5));
    assert.equal(runTc(second, 'read_row', 0), 5);
  });
  const rows = first.map('rows');
  rows.delete(u32(0));
  withObject('maps', { maps: new Map([['rows', rows]]) }, (third) => {
    assert.equal(runTc(third, 'read_row', 0), 404, 'a given map of maps keeps what it holds');
  });
  assert.equal(shared.lookup(u32(1))?.readUInt32LE(), 5, 'still open');
  const options = { name: 'other', type: MAP_TYPE.ARRAY, keySize: 4, valueSize: 8, maxEntries: 2 };
  const other = BpfMap.create(options);
  assert.throws(
    () => loadObject(fixtureSpec('maps'), { maps: new Map([['first_row', other]]) }),
    /map first_row: the existing map's value size is 8, the object wants 4. Mend: remove the pinned map/,
  );
  other.close();
  first.close();
});

test('sizes can be replaced; misspelt names are refused', { skip }, () => {
  withObject('maps', { maxEntries: { hash: 77, ring: 9000 }, programs: [] }, (object) => {
    assert.equal(object.map('hash').maxEntries, 77);
    assert.equal(object.map('ring').maxEntries, 16384, 'rounded up to what a ring buffer must be');
    assert.throws(() => object.map('hush'), /there is no map hush.*hash/);
  });
  assert.throws(() => loadObject(fixtureSpec('maps'), { maxEntries: { hush: 1 } }), ObjectError);
  assert.throws(() => loadObject(fixtureSpec('maps'), { programs: ['jmp'] }), /no program jmp.*jump/);
});

test('a refused program: whole log, one line, and nothing stays open', { skip }, () => {
  const before = openFds();
  const refuse = (program: string): ProgramRefused => {
    try {
      loadObject(fixtureSpec('refused'), { programs: [program] });
    } catch (error) {
      assert.ok(error instanceof ProgramRefused, String(error));
      return error;
    }
    throw new Error(`${program} was loaded`);
  };
  const nullCheck = refuse('no_null_check');
  assert.equal(nullCheck.program, 'no_null_check');
  assert.equal(nullCheck.code, 'EACCES');
  assert.match(nullCheck.log, /call bpf_map_lookup_elem[^]*processed \d+ insns/);
  assert.doesNotMatch(nullCheck.message, /\n/);
  assert.match(
    nullCheck.message,
    /mem access 'map_value_or_null'; instruction \d+: \(61\).*source .*refused\.bpf\.c:18: return \*value;. Mend: compare the pointer with NULL/,
  );
  assert.match(refuse('beyond_packet').message, /outside of the packet.*data_end/);
  assert.match(
    refuse('missing_kernel_field').message,
    /no STRUCT file\.sluice_no_such_field.*bpf_core_field_exists/,
  );
  assert.equal(openFds(), before);
});

test('signals while a program is verified do not fail the load', { skip, timeout: 60_000 }, async () => {
  let signals = 0;
  const count = (): void => void signals++;
  process.on('SIGURG', count);
  // SIGURG: Node itself makes nothing of it, unlike SIGUSR2. Fewer signals than the loader makes attempts, so that it must come through; faster than the verifier is.
  const script = `let left = 40; const timer = setInterval(() => {
    process.kill(${process.pid}, 'SIGURG');
    if (--left === 0) clearInterval(timer);
  }, 1);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
  const exit = once(child, 'exit');
  try {
    while (child.exitCode === null) {
      loadObject(fixtureSpec('slow')).close();
      await new Promise(setImmediate);
    }
    assert.ok(signals > 0);
  } finally {
    child.kill();
    await exit;
    process.off('SIGURG', count);
  }
});

test('a given data section must fit, and its values cannot be configured', { skip }, () => {
  const spec = fixtureSpec('cgroup');
  withObject('cgroup', {}, (first) => {
    const bss = first.map('.bss');
    first.variable('calls').set(5);
    withObject('cgroup', { maps: new Map([['.bss', bss]]) }, (second) =>
      assert.equal(second.variable('calls').get(), 5n),
    );
    assert.throws(() => loadObject(spec, { maps: new Map([['.bss', bss]]), config: { calls: 1 } }), {
      message: /variable calls lies in \.bss, which was given.*Mend: /,
    });
    const wrong = BpfMap.create({
      name: 'small',
      type: MAP_TYPE.ARRAY,
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
    });
    assert.throws(() => loadObject(spec, { maps: new Map([['.bss', wrong]]) }), {
      message: /map \.bss: the existing map's value size is 4, the object wants 1[26].*Mend: /,
    });
    wrong.close();
  });
});
