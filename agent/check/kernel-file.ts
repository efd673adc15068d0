// Files of /proc and /sys, which may be missing or hidden.
import { readFileSync } from 'node:fs';

/** The trimmed text, '' when the file cannot be read. */
export function readKernelFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
