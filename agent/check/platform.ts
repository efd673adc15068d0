// Operating system, runtime, and whether C can be called at all.
import { arch, endianness, platform, release } from 'node:os';
import type { CheckResult } from './check.ts';
import { messageOf } from '../error-message.ts';

/** Older ones do not run .ts without a flag and a warning. */
const OLDEST_NODE = [24, 12] as const;
const OFFICIAL_NODE = 'use the node binary that "npm ci --ignore-scripts" installs';

export async function checkPlatform(): Promise<readonly CheckResult[]> {
  return [system(), machine(), node(), await ffi(), await openssl()];
}

function system(): CheckResult {
  const linux = platform() === 'linux';
  return {
    category: 'platform',
    name: 'Linux',
    status: linux ? 'ok' : 'failed',
    detail: `${platform()} ${release()}`,
    ...(linux ? {} : { mend: 'run it on Linux: only the node:net engine serves elsewhere' }),
    needs: ['epoll', 'datapath'],
  };
}

function machine(): CheckResult {
  const known = ['x64', 'arm64'].includes(arch()) && endianness() === 'LE';
  return {
    category: 'platform',
    name: 'processor',
    status: known ? 'ok' : 'failed',
    detail: `${arch()}, ${endianness() === 'LE' ? 'little' : 'big'}-endian`,
    ...(known ? {} : { mend: 'use x64 or arm64: struct layouts and BPF objects are made for these' }),
    needs: ['epoll', 'datapath'],
  };
}

function node(): CheckResult {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldest, least] = OLDEST_NODE;
  const recent = major > oldest || (major === oldest && minor >= least);
  return {
    category: 'platform',
    name: 'Node.js',
    status: recent ? 'ok' : 'failed',
    detail: process.versions.node,
    ...(recent
      ? {}
      : { mend: `use Node ${OLDEST_NODE.join('.')} or later; "npm ci --ignore-scripts" installs one` }),
    needs: ['proxy'],
  };
}

/** A real call: loading the library alone does not show that calls work. */
async function ffi(): Promise<CheckResult> {
  const about = {
    category: 'platform',
    name: 'calls into the C library',
    needs: ['epoll', 'datapath'],
  } as const;
  try {
    const { close, epollCreate1, must } = await import('#native/libc');
    close(must('epoll_create1', epollCreate1(0)));
    return { ...about, status: 'ok', detail: 'koffi loads, epoll_create1 answers' };
  } catch (error) {
    return {
      ...about,
      status: 'failed',
      detail: firstLine(error),
      mend: 'use a glibc-based system, run "npm ci --ignore-scripts", and allow native addons (no --no-addons, no noexec mount)',
    };
  }
}

/** TLS is served by the OpenSSL inside of the node binary; a node that is linked to a shared one exports nothing of it. */
async function openssl(): Promise<CheckResult> {
  const about = { category: 'platform', name: 'OpenSSL of the node binary', needs: [] } as const;
  try {
    const { tlsUnavailable } = await import('#native/tls/probe');
    const reason = tlsUnavailable();
    if (reason === '') return { ...about, status: 'ok', detail: process.versions.openssl ?? 'exported' };
    return { ...about, status: 'warning', detail: `no TLS: ${reason}`, mend: OFFICIAL_NODE };
  } catch (error) {
    return { ...about, status: 'warning', detail: `no TLS: ${firstLine(error)}`, mend: OFFICIAL_NODE };
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0]!;
}
