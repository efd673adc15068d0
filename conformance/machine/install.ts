// Brings what a suite needs and the machine lacks: Debian packages with apt-get as root, Python packages into .cache/.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from '../test/machine.ts';

export interface Command {
  readonly command: string;
  /** Debian packages that bring it, separated by blanks. */
  readonly package: string;
}

const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/** Throws with a mend when one stays missing. */
export function installCommands(commands: readonly Command[], say: (line: string) => void): void {
  const missing = commands.filter(({ command }) => findCommand(command) === undefined);
  if (missing.length === 0) return;
  const names = [...new Set(missing.flatMap((one) => one.package.split(' ')))];
  if (process.getuid?.() === 0 && findCommand('apt-get') !== undefined) {
    say(`installing ${names.join(', ')} with apt-get`);
    aptGet(['update']);
    aptGet(['-y', '--no-install-recommends', 'install', ...names]);
  }
  const still = missing.filter(({ command }) => findCommand(command) === undefined);
  if (still.length > 0)
    throw new Error(
      `${still.map((one) => one.command).join(', ')} not found. Mend: as root, apt-get install ${names.join(' ')}`,
    );
}

/** Installs `name==version` into a virtual environment `folder` unless it is there, and returns the folder of its commands. */
export function installPython(
  folder: string,
  name: string,
  version: string,
  say: (line: string) => void,
): string {
  const bin = join(folder, 'bin');
  const done = join(folder, `${name}-${version}.installed`);
  if (existsSync(done)) return bin;
  installCommands([{ command: 'python3', package: 'python3' }], say);
  say(`installing ${name} ${version} with pip into ${folder}`);
  const venv = (): boolean =>
    spawnSync('python3', ['-m', 'venv', '--clear', folder], { stdio: 'ignore' }).status === 0;
  // Debian's python3 comes without the part of venv that brings pip.
  if (!venv() && process.getuid?.() === 0) {
    aptGet(['update']);
    aptGet(['-y', '--no-install-recommends', 'install', 'python3-venv']);
    venv();
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `${name}==${version}`];
  if (spawnSync(join(bin, 'python'), pip, { stdio: ['ignore', 2, 2] }).status !== 0)
    throw new Error(
      `pip could not install ${name}==${version}. Mend: python3-venv and a reachable package index`,
    );
  writeFileSync(done, '');
  return bin;
}

/** Packages of servers start them at once, unless this file forbids it (invoke-rc.d(8)): a suite wants only their programs. */
function aptGet(args: readonly string[]): void {
  const forbid = !existsSync(SERVICE_POLICY);
  if (forbid) writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    spawnSync('apt-get', ['-qq', ...args], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } finally {
    if (forbid) rmSync(SERVICE_POLICY);
  }
}
