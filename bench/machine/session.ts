// CPU time and memory of a whole session of processes, read from /proc.
import { readdirSync, readFileSync } from 'node:fs';

const PAGE = 4096;

export interface Usage {
  /** Time on a CPU, user and kernel, of all threads, in nanoseconds. Threads that ended are not in it. */
  readonly cpuNs: number;
  /** Resident memory of all processes, in bytes. Shared pages count once for each process. */
  readonly rssBytes: number;
}

/** Processes of the session that `leader` leads. */
export function listSession(leader: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readSession(name) === leader)
    .map(Number);
}

/** schedstat(5, proc): nanoseconds, unlike the clock ticks of /proc/PID/stat. Throws when the kernel does not keep it. */
export function readUsage(leader: number): Usage {
  let cpuNs = 0;
  let rssBytes = 0;
  for (const pid of listSession(leader)) {
    for (const thread of folder(`/proc/${pid}/task`))
      cpuNs += firstNumber(read(`/proc/${pid}/task/${thread}/schedstat`), 0);
    rssBytes += firstNumber(read(`/proc/${pid}/statm`), 1) * PAGE;
  }
  if (cpuNs === 0)
    throw new Error('/proc/PID/schedstat holds no time. Mend: a kernel with CONFIG_SCHED_INFO');
  return { cpuNs, rssBytes };
}

/** Field 6 of /proc/PID/stat (proc(5)); the name before it may hold anything, so count from its end. */
function readSession(pid: string): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}

function firstNumber(line: string, field: number): number {
  return Number(line.split(' ')[field] ?? 0);
}

function folder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** '' when the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
