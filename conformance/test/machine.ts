// What the tests need of the machine beyond Node: on Debian as root it is installed, elsewhere its lack is said, and the tests
// that need it skip with their own reason.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Tool {
  readonly command: string;
  /** Debian package. */
  readonly package: string;
  /** What is skipped without it. */
  readonly tests: string;
}

const TOOLS: readonly Tool[] = [
  { command: 'ip', package: 'iproute2', tests: 'tests in network namespaces' },
  {
    command: 'bpftool',
    package: 'bpftool',
    tests: 'cross-checks of the eBPF loader, and the search for links left behind',
  },
  { command: 'nft', package: 'nftables', tests: 'tests that cut a network' },
];

/** Debian keeps these where an unprivileged PATH does not look. */
const SYSTEM_PATHS = ['/usr/sbin', '/sbin'];

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

export function findCommand(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_PATHS];
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

/** Says each step through `say`. Never throws: a test that lacks a tool skips, visibly. */
export function prepareMachine(install: boolean, say: (line: string) => void): void {
  let missing = TOOLS.filter((tool) => findCommand(tool.command) === undefined);
  if (missing.length > 0 && install && isRoot() && findCommand('apt-get') !== undefined) {
    installPackages(missing, say);
    missing = missing.filter((tool) => findCommand(tool.command) === undefined);
  }
  for (const tool of missing)
    say(
      `${tool.command} is missing, so these are skipped: ${tool.tests}. Mend: apt-get install ${tool.package}`,
    );
  if (!isRoot())
    say(
      'not root, so tests that load eBPF, make cgroups or network namespaces are skipped. Mend: sudo npm test',
    );
}

function installPackages(missing: readonly Tool[], say: (line: string) => void): void {
  const names = [...new Set(missing.map((tool) => tool.package))];
  say(`installing ${names.join(', ')} with apt-get`);
  for (const args of [
    ['-qq', 'update'],
    ['-qq', '-y', '--no-install-recommends', 'install', ...names],
  ]) {
    const { status } = spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) {
      say(`apt-get ${args.join(' ')} failed`);
      return;
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
