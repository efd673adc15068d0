// What reading an object finds, on real objects and without the kernel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Elf } from './elf.ts';
import { fixtureBytes, fixtureSpec, FIXTURES } from './fixture/fixture.ts';
import { findVariable } from './map-load.ts';
import { MAP_FLAG, MAP_TYPE } from './map-type.ts';
import { ObjectError } from './object-error.ts';
import { ObjectSpec } from './object-spec.ts';
import { ATTACH_TYPE, PROGRAM_TYPE } from './program-type.ts';
import { programKind } from './section-name.ts';

test('every fixture reads, twice the same', () => {
  for (const name of FIXTURES) assert.deepEqual(fixtureSpec(name), fixtureSpec(name));
});

test('maps come with sizes, flags and types from BTF', () => {
  const { maps } = fixtureSpec('maps');
  assert.equal(maps.size, 23);
  const lpm = maps.get('lpm');
  assert.equal(lpm?.type, MAP_TYPE.LPM_TRIE);
  assert.equal(lpm.keySize, 20);
  assert.equal(lpm.valueSize, 4);
  assert.equal(lpm.maxEntries, 100);
  assert.equal(lpm.flags, MAP_FLAG.NO_PREALLOC);
  const storage = maps.get('sk_storage');
  assert.equal(storage?.maxEntries, 0);
  assert.ok(storage.keyType > 0 && storage.valueType > 0);
  // Sizes of a typedef's target, and a value that is no multiple of a word.
  assert.equal(maps.get('hash')?.valueSize, 3);
  assert.deepEqual([maps.get('ring')?.keySize, maps.get('ring')?.valueSize], [0, 0]);
});

test('a map of maps carries its inner template, a program array its initial values', () => {
  const spec = fixtureSpec('maps');
  const inner = spec.maps.get('rows')?.inner;
  assert.deepEqual(
    [inner?.type, inner?.keySize, inner?.valueSize, inner?.maxEntries],
    [MAP_TYPE.ARRAY, 4, 4, 2],
  );
  assert.deepEqual(spec.maps.get('jumps')?.inner, undefined);
  assert.deepEqual(
    [...spec.initialValues].sort((a, b) => a.target.localeCompare(b.target)),
    [
      { map: 'rows', index: 0, kind: 'map', target: 'first_row' },
      { map: 'jumps', index: 3, kind: 'program', target: 'jumped' },
      { map: 'rows', index: 2, kind: 'map', target: 'second_row' },
    ],
  );
});

test('variables are found by name, static ones too, with their places', () => {
  const { variables, dataSections } = fixtureSpec('cgroup');
  const places = [...variables.values()].map((v) => `${v.name} ${v.section} ${v.offset} ${v.size}`);
  assert.deepEqual(places.sort(), [
    'answer .rodata 8 8',
    'calls .bss 0 8',
    'config .rodata 0 8',
    'label .rodata 16 8',
    'last_port .bss 8 4',
    'limit .data 0 4',
  ]);
  assert.equal(dataSections.get('.rodata')?.readOnly, true);
  assert.equal(dataSections.get('.rodata')?.initial.toString('latin1', 16, 23), 'fixture');
  assert.equal(dataSections.get('.data')?.initial.readUInt32LE(0), 7);
  assert.equal(dataSections.get('.bss')?.initial.length, 12);
});

test('section names give program types, attach types and targets', () => {
  const kinds = (name: 'net' | 'tracing' | 'cgroup'): Map<string, string> =>
    new Map(
      [...fixtureSpec(name).programs.values()].map((p) => [
        p.name,
        `${p.type} ${p.expectedAttachType} ${p.target ?? ''}`,
      ]),
    );
  const net = kinds('net');
  assert.equal(net.get('tcx_in'), `${PROGRAM_TYPE.SCHED_CLS} ${ATTACH_TYPE.TCX_INGRESS} `);
  assert.equal(net.get('skb_parser'), `${PROGRAM_TYPE.SK_SKB} ${ATTACH_TYPE.SK_SKB_STREAM_PARSER} `);
  assert.equal(net.get('steer'), `${PROGRAM_TYPE.SK_LOOKUP} ${ATTACH_TYPE.SK_LOOKUP} `);
  assert.equal(
    kinds('cgroup').get('connect4'),
    `${PROGRAM_TYPE.CGROUP_SOCK_ADDR} ${ATTACH_TYPE.CGROUP_INET4_CONNECT} `,
  );
  const tracing = fixtureSpec('tracing').programs.get('enter_by_btf');
  assert.deepEqual(tracing?.kernelType, { name: 'btf_trace_sys_enter', kind: 'typedef' });
  assert.equal(
    kinds('tracing').get('enter_by_tracepoint'),
    `${PROGRAM_TYPE.TRACEPOINT} 0 raw_syscalls/sys_enter`,
  );
});

test('a program is linked with all functions it reaches, each once and with its records', () => {
  const code = fixtureSpec('subprogram').programs.get('calls')?.code;
  assert.ok(code);
  // calls, global, hidden, leaf
  assert.equal(code.funcInfo.length / 8, 4);
  const starts = [0, 1, 2, 3].map((index) => code.funcInfo.readUInt32LE(index * 8));
  assert.equal(starts[0], 0);
  assert.deepEqual(
    starts,
    [...new Set(starts)].sort((a, b) => a - b),
  );
  for (let at = 0; at < code.instructions.length; at += 8) {
    if (code.instructions[at] !== 0x85 || (code.instructions[at + 1] ?? 0) >> 4 !== 1) continue;
    const target: number = at / 8 + 1 + code.instructions.readInt32LE(at + 4);
    assert.ok(starts.includes(target), `call at ${at / 8} goes to ${target}, which starts no function`);
  }
  const loops = fixtureSpec('subprogram').programs.get('loops')?.code;
  assert.equal(loops?.funcInfo.length, 3 * 8, 'loops, visit, leaf');
  assert.equal(
    fixtureSpec('subprogram')
      .programs.get('literal')
      ?.code.fixups.some((f) => f.kind === 'data' && f.section === '.rodata.str1.1'),
    true,
  );
});

test('CO-RE records move with the function that they belong to', () => {
  const code = fixtureSpec('core').programs.get('read_task')?.code;
  assert.ok(code);
  const functions = [0, 1].map((index) => code.funcInfo.readUInt32LE(index * 8));
  const relocated = Array.from(
    { length: code.coreRelos.length / 16 },
    (_, i) => code.coreRelos.readUInt32LE(i * 16) / 8,
  );
  assert.ok(relocated.some((at) => at < (functions[1] ?? 0)));
  assert.ok(
    relocated.some((at) => at >= (functions[1] ?? 0)),
    'the subprogram has a record of its own',
  );
});

test('kernel symbols stay symbolic, weak ones are marked', () => {
  const { programs } = fixtureSpec('kfunc');
  assert.deepEqual(
    programs.get('kernel_context')?.code.fixups.map((fixup) => ({ ...fixup, at: 0 })),
    [{ kind: 'kernel-call', at: 0, name: 'bpf_cast_to_kern_ctx', weak: false }],
  );
  const weak = programs.get('weak_symbols')?.code.fixups ?? [];
  assert.ok(weak.length >= 2 && weak.every((fixup) => 'weak' in fixup && fixup.weak));
});

test('a call to a function that is nowhere is refused by name', () => {
  assert.throws(
    () => ObjectSpec.read(fixtureBytes('unresolved'), 'unresolved.bpf.o'),
    (error) => {
      assert.ok(error instanceof ObjectError);
      assert.match(
        error.message,
        /^unresolved\.bpf\.o: calls_nowhere, instruction \d+: nowhere is defined nowhere\. Mend: /,
      );
      return true;
    },
  );
});

test('pointers in global data are refused', () => {
  assert.throws(() => ObjectSpec.read(fixtureBytes('pointer'), 'p.o'), /p\.o: \.data holds pointers.*Mend/);
});

test('objects of other machines and other files are refused by what they are', () => {
  assert.throws(() => ObjectSpec.read(Buffer.from('#!/bin/sh\n'), 'x.sh'), /x\.sh: 10 bytes are too few/);
  assert.throws(() => ObjectSpec.read(Buffer.alloc(100), 'zero.o'), /zero\.o: not an ELF object/);
  const foreign = fixtureBytes('cgroup');
  foreign.writeUInt16LE(62, 18);
  assert.throws(
    () => ObjectSpec.read(foreign, 'host.o'),
    /host\.o: compiled for x86-64, not for BPF.*clang -target bpf/,
  );
  const bigEndian = fixtureBytes('cgroup');
  bigEndian[5] = 2;
  assert.throws(() => ObjectSpec.read(bigEndian, 'be.o'), /be\.o: a big-endian object.*bpfel/);
});

/** The object with the first letter of a section's name gone, so that nobody finds the section under its name. */
function withoutSection(name: 'core' | 'unresolved' | 'subprogram', section: string): Buffer {
  const bytes = fixtureBytes(name);
  const index = Elf.read(bytes, name).section(section)?.index;
  assert.ok(index !== undefined);
  const header = bytes.readUInt32LE(40) + index * 64;
  bytes.writeUInt32LE(bytes.readUInt32LE(header) + 1, header);
  return bytes;
}

test('an object without BTF, BTF.ext or func_info is refused: CO-RE would be skipped in silence', () => {
  assert.throws(() => ObjectSpec.read(withoutSection('core', '.BTF'), 'a.o'), /a\.o: no BTF.*clang -g/);
  assert.throws(() => ObjectSpec.read(withoutSection('core', '.BTF.ext'), 'a.o'), /a\.o: no \.BTF\.ext.*-g/);
  const bytes = fixtureBytes('core');
  const ext = Elf.read(bytes, 'core').section('.BTF.ext')?.data;
  assert.ok(ext);
  // Empties the func_info table, as a careless strip would. The section is a view of `bytes`.
  ext.writeUInt32LE(0, 12);
  assert.throws(
    () => ObjectSpec.read(bytes, 'b.o'),
    /b\.o: function read_task has no func_info.*silently skip/,
  );
});

test('an object without a license is refused', () => {
  assert.throws(
    () => ObjectSpec.read(withoutSection('core', 'license'), 'l.o'),
    /l\.o: no license.*SEC\("license"\)/,
  );
});

test('an unknown section name is refused with the names that are known', () => {
  assert.throws(
    () => ObjectSpec.read(withoutSection('subprogram', 'tc'), 's.o'),
    /program \w+ is in section "c".*cgroup\/connect4/,
  );
});

test('an unknown relocation is an error that names function and symbol', () => {
  const bytes = fixtureBytes('subprogram');
  const records = Elf.read(bytes, 'subprogram').section('.reltc')?.data;
  assert.ok(records);
  records.writeUInt32LE(77, 8);
  assert.throws(
    () => ObjectSpec.read(bytes, 'r.o'),
    /r\.o: \w+, instruction \d+: \S+ is referred to by relocation type 77/,
  );
});

test('a section named like something that every JavaScript object has is no program type', () => {
  for (const name of ['constructor', 'toString', '__proto__']) assert.equal(programKind(name), undefined);
});

test('static variables of a function are configured by their whole name', () => {
  const spec = fixtureSpec('cgroup');
  const config = spec.variables.get('config');
  assert.ok(config);
  const local = { ...config, name: 'connect4.config' };
  const variables = { value: new Map([['connect4.config', local]]) };
  const made = Object.create(spec, { variables }) as ObjectSpec;
  assert.deepEqual(findVariable(made, 'connect4.config'), local);
  assert.equal(findVariable(made, 'connect4.config.port').offset, config.offset + 4);
  assert.throws(() => findVariable(made, 'connect4'), /no variable connect4.*connect4\.config/);
});
