// Room for many connections, for the programs that a bench starts and for them alone.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a program opens beside its connections. */
const OTHERS = 128;

/** `command` with a limit of open files (prlimit(1)) for `connections` of them. */
export function withFiles(connections: number, command: readonly string[]): string[] {
  const files = connections + OTHERS;
  return ['prlimit', `--nofile=${files}:${files}`, ...command];
}

/** As many of `wanted` connections as a program may have: only who has CAP_SYS_RESOURCE goes beyond the hard limit. */
export function allowConnections(wanted: number): number {
  const [program, ...args] = withFiles(wanted, ['true']);
  if (spawnSync(program!, args).status === 0) return wanted;
  const hard = /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Math.min(wanted, Number(hard) - OTHERS);
}
