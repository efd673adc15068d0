// How many CPUs the kernel may ever bring up: per-CPU maps hold a value for each of them, online or not.
import { readFileSync } from 'node:fs';

const FILE = '/sys/devices/system/cpu/possible';

let cached = 0;

/** Number of possible CPUs (the highest possible id + 1), read once. */
export function possibleCpus(): number {
  if (cached === 0) cached = parseCpuList(readFileSync(FILE, 'utf8'));
  return cached;
}

/** "0-3,8" -> 9: the kernel sizes per-CPU values by the highest id. */
export function parseCpuList(list: string): number {
  const last = /(\d+)\s*$/.exec(list)?.[1];
  if (last === undefined) throw new Error(`${FILE}: "${list}" is not a list of CPUs`);
  return Number(last) + 1;
}
