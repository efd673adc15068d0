#!/usr/bin/env node
// The bin `sluice`: plain JavaScript for any Node >= 18, so that it can say what is missing. A Node that runs TypeScript runs
// main.ts itself; an older one starts the Node that the lock file pins and stands in for it: signals, exit code.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** First release that runs .ts without a flag and without a warning. */
const TYPESCRIPT_FROM = [24, 12];
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MAIN = join(ROOT, 'agent', 'main.ts');
/** Not by `.bin`: npm 9 drops that link together with the package of the other architecture. */
const PINNED = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');

if (!existsSync(join(ROOT, 'node_modules', 'koffi'))) {
  fail(`not installed. Mend: run "npm ci --ignore-scripts" in ${ROOT}`);
} else if (runsTypeScript(process.versions.node)) {
  await import(pathToFileURL(MAIN).href);
} else if (existsSync(PINNED)) {
  standInFor(PINNED, [MAIN, ...process.argv.slice(2)]);
} else {
  fail(
    `Node ${process.versions.node} is too old, and no pinned Node for ${process.platform}-${process.arch} is installed. ` +
      `Mend: use Linux on x64 or arm64 and run "npm ci --ignore-scripts" with optional dependencies in ${ROOT}, ` +
      `or use Node ${TYPESCRIPT_FROM.join('.')} or later`,
  );
}

/** @param {string} version '24.12.0' */
function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = TYPESCRIPT_FROM;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * Runs a command to its end. A terminal sends Ctrl-C to the whole group: only signals that came to us alone are passed on.
 *
 * @param {string} command @param {string[]} args
 */
function standInFor(command, args) {
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const signal of FORWARDED)
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  child.once('error', (error) =>
    fail(`${command}: ${error.message}. Mend: run "npm ci --ignore-scripts" in ${ROOT}`),
  );
  child.once('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    // Ends as the child ended, so that a shell sees the signal too.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** @param {string} problem */
function fail(problem) {
  process.stderr.write(`sluice: ${problem}\n`);
  process.exitCode = 1;
}
