// How many CPUs the kernel may ever bring up: per-CPU maps hold a value for each of them, online or not.
import { readFileSync } from 'node:fs';

const FILE = '/sys/devices/system/cpu/possible';

let cached = 0;

/** Number of possible CPUs, read once. */
export function possibleCpus(): number {
  if (cached === 0) cached = parseCpuList(readFileSync(FILE, 'utf8'));
  return cached;
}

/** "0-3,8" -> 5: the kernel copies the values of possible CPUs one behind the other (num_possible_cpus), without gaps. */
export function parseCpuList(list: string): number {
  let count = 0;
  for (const range of list.trim().split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) throw new Error(`${FILE}: "${list}" is not a list of CPUs`);
    count += Number(last) - Number(first) + 1;
  }
  return count;
}
