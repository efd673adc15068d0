// Our loader beside libbpf: bpftool loads the same object, and the kernel's tag of each program (a hash of its instructions
// after CO-RE, linking and relocation) must be the same. Then bpftool reads back what we loaded, through our BTF.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { isOn, unmount } from '../mount.ts';
import { openBpffs } from './bpffs.ts';
import { cannotLoad, fixtureSpec, u32 } from './fixture/fixture.ts';
import { loadObject } from './object.ts';

const hasBpftool = spawnSync('bpftool', ['version']).status === 0;
const skip = cannotLoad === false && !hasBpftool ? 'bpftool is not installed' : cannotLoad;

/** Fixtures whose section names every libbpf knows (tcx is newer than many). */
const COMPARED = ['cgroup', 'core', 'kfunc', 'maps', 'ring', 'subprogram', 'tracing'] as const;

/** What stands in place of a call that this kernel cannot resolve is each loader's own choice. */
const DIFFERS: ReadonlySet<string> = new Set(['weak_symbols']);

function bpftool(...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync('bpftool', ['-j', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 0, `bpftool ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

interface ShownProgram {
  readonly type: string;
  readonly tag: string;
}

for (const name of COMPARED) {
  test(`${name}: libbpf loads the same instructions`, { skip }, () => {
    const ours = loadObject(fixtureSpec(name));
    try {
      withBpffs((directory) => {
        const pins = join(directory, 'libbpf');
        mkdirSync(pins);
        const file = fileURLToPath(new URL(`./fixture/${name}.bpf.o`, import.meta.url));
        bpftool('prog', 'loadall', file, pins);
        assert.ok(ours.programs.size > 0);
        for (const program of ours.programs.values()) {
          const theirs = bpftool('prog', 'show', 'pinned', join(pins, program.name)) as ShownProgram;
          const mine = bpftool('prog', 'show', 'id', String(program.id)) as ShownProgram;
          if (!DIFFERS.has(program.name)) assert.equal(mine.tag, theirs.tag, program.name);
          assert.equal(mine.type, theirs.type, program.name);
        }
      });
    } finally {
      ours.close();
    }
  });
}

/** A bpffs of the test's own; what is pinned in it goes with it. */
function withBpffs(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bpftool-'));
  try {
    openBpffs(directory);
    use(directory);
  } finally {
    if (isOn('bpf', directory)) unmount(directory);
    rmdirSync(directory);
  }
}

test('bpftool reads variables and values through the types that we loaded', { skip }, () => {
  const object = loadObject(fixtureSpec('cgroup'), { config: { answer: 43 } });
  try {
    object.variable('calls').set(7);
    const key = Buffer.alloc(8);
    key.writeUInt32LE(0x0a000001, 0);
    object.map('services').update(key, Buffer.from('0200000a1f900000', 'hex'));
    const dump = (map: string): unknown => bpftool('map', 'dump', 'id', String(object.map(map).id));
    assert.match(JSON.stringify(dump('.rodata')), /"answer":43/);
    assert.match(JSON.stringify(dump('.bss')), /"calls":7/);
    const [service] = dump('services') as [{ formatted: { key: { ip: number }; value: { ip: number } } }];
    assert.equal(service.formatted.key.ip, 0x0a000001);
    assert.equal(service.formatted.value.ip, 0x0a000002);
  } finally {
    object.close();
  }
});

test('bpftool decodes the types that we added for kernel functions', { skip }, () => {
  const object = loadObject(fixtureSpec('kfunc'));
  try {
    const shown = bpftool('prog', 'show', 'id', String(object.program('kernel_context').id)) as {
      btf_id: number;
    };
    const { types } = bpftool('btf', 'dump', 'id', String(shown.btf_id)) as {
      types: { kind: string; name: string; size?: number; linkage?: string; vars?: unknown[] }[];
    };
    const externs = types.find((type) => type.kind === 'DATASEC' && type.name === '.ksyms');
    assert.equal(externs?.size, 4 * (externs?.vars?.length ?? 0));
    assert.equal(types.find((type) => type.name === 'bpf_cast_to_kern_ctx')?.linkage, 'global');
  } finally {
    object.close();
  }
});

test('source lines reach the kernel: bpftool shows them beside the instructions', { skip }, () => {
  const object = loadObject(fixtureSpec('subprogram'));
  try {
    const id = String(object.program('calls').id);
    const listing = spawnSync('bpftool', ['prog', 'dump', 'xlated', 'id', id, 'linum'], {
      encoding: 'utf8',
    }).stdout;
    assert.match(listing, /int global\(int x\)/);
    assert.match(listing, /trace = trace \* 10 \+ 3.*subprogram\.bpf\.c/);
    object.map('.bss').update(u32(0), Buffer.alloc(object.map('.bss').valueSize));
  } finally {
    object.close();
  }
});
