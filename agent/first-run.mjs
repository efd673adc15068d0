// Runs one of our .ts programs with the Node that the lock file pins, from a checkout in any state: installs what is missing first.
// Plain JavaScript for any Node >= 18, since it runs before anything is installed. Says nothing on standard output: that is the program's.
// Usage: node agent/first-run.mjs SCRIPT.ts [ARGUMENT...]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const ROOT = dirname(dirname(SELF));
const PINNED = `node-${process.platform}-${process.arch}`;
const NODE = join(ROOT, 'node_modules', PINNED, 'bin', 'node');
const LINK = join(ROOT, 'node_modules', '.bin', 'node');
const INSTALL = '--install-under-lock';
/** Debian packages of what the official Node binaries link to and a minimal system lacks. */
const LIBRARY_PACKAGES = { 'libatomic.so.1': 'libatomic1', 'libstdc++.so.6': 'libstdc++6' };
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  const [script] = args;
  if (script === undefined) return fail('usage: node agent/first-run.mjs SCRIPT.ts [ARGUMENT...]', 2);
  if (script === INSTALL) return install();
  const reason = staleReason();
  if (reason !== undefined) {
    const code = await lockedInstall();
    if (code !== 0) return code;
  }
  if (!existsSync(NODE))
    return fail(
      `no pinned Node for ${process.platform}-${process.arch}. Mend: use Linux on x64 or arm64, and do not omit optional dependencies (npm config get omit).`,
      1,
    );
  if (reason !== undefined || !existsSync(LINK)) {
    // Not once more than needed: it costs a start of Node.
    const code = await makeNodeStart();
    if (code !== 0) return code;
  }
  return run(NODE, [resolve(ROOT, script), ...args.slice(1)]);
}

/**
 * Why node_modules does not hold what package-lock.json asks for; undefined when it does. npm writes the hidden lock file
 * last, so an interrupted install counts as missing.
 */
function staleReason() {
  const wanted = readPackages(join(ROOT, 'package-lock.json'));
  if (wanted === undefined)
    throw new Error('package-lock.json is missing or broken. Mend: git checkout package-lock.json');
  const have = readPackages(join(ROOT, 'node_modules', '.package-lock.json'));
  if (have === undefined) return 'node_modules is missing';
  for (const [path, entry] of Object.entries(wanted)) {
    const found = have[path];
    // Optional packages are left out on the platforms that they are not for.
    if (path === '' || (found === undefined && entry.optional === true)) continue;
    if (found?.version !== entry.version || found?.integrity !== entry.integrity)
      return `${path} is not at ${entry.version}`;
  }
  return existsSync(NODE) ? undefined : 'the pinned Node is missing';
}

/** @param {string} file @returns {Record<string, {version?: string, integrity?: string, optional?: boolean}> | undefined} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * `npm run` finds the pinned Node by this link. npm 9 makes it, then removes it together with the package of the other
 * architecture, which has a command of the same name.
 */
function linkNode() {
  if (existsSync(LINK)) return;
  mkdirSync(dirname(LINK), { recursive: true });
  try {
    symlinkSync(join('..', PINNED, 'bin', 'node'), LINK);
  } catch (error) {
    // Another first run was quicker.
    if (!existsSync(LINK)) throw error;
  }
}

/** One install at a time per checkout. flock(1) ties the lock to a process, so a killed install leaves none behind. */
async function lockedInstall() {
  const cache = join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const code = await run('flock', [
    '--no-fork',
    join(cache, 'install.lock'),
    process.execPath,
    SELF,
    INSTALL,
  ]);
  return code === undefined ? install() : code;
}

/** Whoever waited for the lock finds the work done. */
async function install() {
  const reason = staleReason();
  if (reason === undefined) return 0;
  say(`first run: ${reason}; installing the locked packages with npm ci`);
  const began = Date.now();
  const { npm_execpath: npm } = process.env;
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...flags], 2)
    : await run('npm', flags, 2);
  if (code !== 0)
    return fail(
      `npm ci failed (${code === undefined ? 'npm was not found' : `exit code ${code}`}). Mend: see the lines above; npm must reach its registry (npm ping), or find every package in its cache (npm ci --offline --ignore-scripts). Then run this again.`,
      1,
    );
  say(`first run: installed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return 0;
}

/** Installs, as root on Debian, the shared library that the pinned Node may lack on a minimal system. */
async function makeNodeStart() {
  const { stderr, status } = spawnSync(NODE, ['--version'], { encoding: 'utf8' });
  if (status === 0) {
    linkNode();
    return 0;
  }
  // With the link, npm would start us with the Node that cannot start, and nobody would name the mend.
  rmSync(LINK, { force: true });
  const library = /(lib\S+): cannot open shared object file/.exec(stderr)?.[1] ?? '';
  const name = LIBRARY_PACKAGES[library];
  if (name === undefined) return fail(`first run: the pinned Node cannot start: ${stderr.trim()}`, 1);
  if (process.getuid?.() === 0) {
    say(`first run: the pinned Node needs ${library}; installing ${name} with apt-get`);
    await run('apt-get', ['-qq', 'update'], 2);
    const code = await run('apt-get', ['-qq', '-y', 'install', name], 2);
    if (code === 0) return makeNodeStart();
  }
  return fail(
    `first run: the pinned Node cannot start without ${library}. Mend: install it (Debian: apt-get install ${name})`,
    1,
  );
}

/**
 * Runs a command to its end and returns its exit code (128 + signal when a signal ended it; undefined when there is no such
 * command). We outlive it: a terminal sends Ctrl-C to the whole group, and only signals that came to us alone are passed on.
 *
 * @param {string} command @param {string[]} args @param {'inherit' | 2} stdout
 * @returns {Promise<number | undefined>}
 */
function run(command, args, stdout = 'inherit') {
  return new Promise((done, broken) => {
    const child = spawn(command, args, {
      cwd: stdout === 2 ? ROOT : process.cwd(),
      stdio: ['inherit', stdout, 'inherit'],
    });
    /** @param {NodeJS.Signals} signal */
    const pass = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, pass);
    const settle = () => {
      for (const signal of FORWARDED) process.off(signal, pass);
    };
    child.once('error', (error) => {
      settle();
      if ('code' in error && error.code === 'ENOENT') done(undefined);
      else broken(error);
    });
    child.once('exit', (code, signal) => {
      settle();
      done(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @param {string} line @param {number} code */
function fail(line, code) {
  say(line);
  return code;
}
