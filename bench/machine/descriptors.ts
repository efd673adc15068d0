// Room for many connections, for the programs that a bench starts and for them alone.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a program opens beside its connections. */
const OTHERS = 128;
/** Sluice turns to saving descriptors when it has used more than this part of its limit. */
const PART_IN_USE = 0.9;

/** `command` with a limit of open files (prlimit(1)) for `connections` of them. */
export function withFiles(connections: number, command: readonly string[]): string[] {
  const files = Math.ceil((connections + OTHERS) / PART_IN_USE);
  return ['prlimit', `--nofile=${files}:${files}`, ...command];
}

/** As many of `wanted` connections as a program may have: only who has CAP_SYS_RESOURCE goes beyond the hard limit. */
export function allowConnections(wanted: number): number {
  const [program, ...args] = withFiles(wanted, ['true']);
  if (spawnSync(program!, args).status === 0) return wanted;
  const hard = /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Math.min(wanted, Math.floor(Number(hard) * PART_IN_USE) - OTHERS);
}
