// The BPF programs attached to one cgroup, as bpftool sees them.
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

/** Their names; undefined, and said so, where there is no bpftool. */
export function attachedPrograms(cgroup: string, context: TestContext): readonly string[] | undefined {
  const { status, error, stdout } = spawnSync('bpftool', ['-j', 'cgroup', 'show', cgroup], {
    encoding: 'utf8',
  });
  if (error !== undefined) {
    context.diagnostic('not looked at the programs of the cgroup: bpftool is not installed');
    return undefined;
  }
  if (status !== 0) throw new Error(`bpftool cgroup show ${cgroup}: ${stdout}`);
  // Nothing is attached: nothing is printed.
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}
