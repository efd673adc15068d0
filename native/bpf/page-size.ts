// The machine's page size: 4 KB on x86-64, up to 64 KB on arm64.
import { sysconf } from '../libc.ts';

const SC_PAGESIZE = 30;

let cached = 0;

export function pageSize(): number {
  if (cached === 0) cached = sysconf(SC_PAGESIZE);
  return cached;
}
