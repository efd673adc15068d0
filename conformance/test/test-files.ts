// Which test files there are, and in which group each one runs.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const PASSED_OVER: ReadonlySet<string> = new Set(['node_modules', 'dist']);

export interface TestGroup {
  readonly name: string;
  /** Files at a time. */
  readonly concurrency: number;
  /** Relative to the root, sorted. */
  readonly files: readonly string[];
}

/** What these rooms test is one per machine: programs attached to a cgroup, pins, ports of the examples. One file at a time. */
const KERNEL_ROOMS = /^(bpf|datapath|native\/bpf|agent|conformance|bench)\//;

/** `patterns`: parts of paths, any of which lets a file in; none lets all in. */
export function groupTestFiles(root: string, patterns: readonly string[]): readonly TestGroup[] {
  const files = findTestFiles(root).filter(
    (file) =>
      patterns.length === 0 || patterns.some((pattern) => file.includes(pattern.replace(/^\.\//, ''))),
  );
  return [
    { name: 'unit and golden', concurrency: 2, files: files.filter((file) => !KERNEL_ROOMS.test(file)) },
    {
      name: 'kernel, namespace and command line',
      concurrency: 1,
      files: files.filter((file) => KERNEL_ROOMS.test(file)),
    },
  ];
}

function findTestFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !PASSED_OVER.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return findTestFiles(root, path);
      return entry.name.endsWith('.test.ts') ? [path] : [];
    })
    .sort();
}
