// Limits of the system that a busy proxy meets first. None of them keeps it from serving.
import { DEFAULT_LIMITS } from '#gateway/proxy/limits';
import type { CheckResult } from './check.ts';
import { readKernelFile } from './kernel-file.ts';

/** Each client may hold one descriptor and its request another one upstream; the rest is for files, maps and workers. */
const DESCRIPTORS = 2 * DEFAULT_LIMITS.maxClients + 512;
const LOCAL_PORTS = 20_000;
const BACKLOG = 1024;

export function checkLimits(): readonly CheckResult[] {
  return [descriptors(), localPorts(), backlog()];
}

function descriptors(): CheckResult {
  const [soft = '0', hard = '0'] =
    /^Max open files\s+(\S+)\s+(\S+)/m.exec(readKernelFile('/proc/self/limits'))?.slice(1) ?? [];
  const enough = soft === 'unlimited' || Number(soft) >= DESCRIPTORS;
  return result(
    'file descriptors',
    enough,
    `${soft} (hard limit ${hard})`,
    `for ${DEFAULT_LIMITS.maxClients} clients raise it: ulimit -n ${DESCRIPTORS} (systemd: LimitNOFILE=), or lower --max-clients`,
  );
}

function localPorts(): CheckResult {
  const range = readKernelFile('/proc/sys/net/ipv4/ip_local_port_range');
  const [first = 0, last = -1] = range.split(/\s+/).map(Number);
  const count = last - first + 1;
  return result(
    'local ports for connections to one endpoint',
    count >= LOCAL_PORTS,
    `${count} (${first}-${last})`,
    'widen it: sysctl net.ipv4.ip_local_port_range="15000 60999"; keep Listener ports out of the range',
  );
}

function backlog(): CheckResult {
  const most = Number(readKernelFile('/proc/sys/net/core/somaxconn'));
  return result(
    'connections that wait to be accepted',
    most >= BACKLOG,
    `${most} a listener`,
    `raise it: sysctl net.core.somaxconn=${BACKLOG * 4}`,
  );
}

function result(name: string, enough: boolean, detail: string, mend: string): CheckResult {
  return {
    category: 'limits',
    name,
    status: enough ? 'ok' : 'warning',
    detail,
    ...(enough ? {} : { mend }),
    needs: [],
  };
}
