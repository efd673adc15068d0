// sslyze from its Python package and testssl.sh from Debian's, brought when they are missing.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeCase, skipCase } from '../case.ts';
import { CACHE } from '../machine/checkout.ts';
import { installCommands, installPython } from '../machine/install.ts';
import { run } from '../machine/run.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { findCommand } from '../test/machine.ts';
import { readSslyze, readTestssl } from './scan-report.ts';

const SSLYZE = { name: 'sslyze', version: '6.3.1' } as const;
const SSLYZE_SCANS = [
  'sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3 early_data reneg compression heartbleed openssl_ccs robot fallback',
]
  .join(' ')
  .split(' ');
/** Protocols, forward secrecy, preferences of the server, and the attacks by name. */
const TESTSSL_SCANS = ['--protocols', '--fs', '--server-preference', '--vulnerable'];
const SCAN_MS = 600_000;

type Say = (line: string) => void;

export async function runSslyze({ folder, say, stop }: SuiteContext, port: number): Promise<CaseResult[]> {
  const bin = installSslyze(say);
  if (typeof bin !== 'string') return [skipCase('sslyze', 'all', bin.reason)];
  say('sslyze');
  const report = join(folder, 'sslyze.json');
  const scans = SSLYZE_SCANS.map((scan) => `--${scan}`);
  const options = ['--mozilla_config', 'disable', ...scans, '--json_out', report];
  const ended = await run([join(bin, 'python'), '-m', 'sslyze', ...options, `127.0.0.1:${port}`], {
    timeoutMs: SCAN_MS,
    stop,
  });
  return read('sslyze', report, readSslyze, ended.stdout + ended.stderr);
}

export async function runTestssl({ folder, say, stop }: SuiteContext, port: number): Promise<CaseResult[]> {
  try {
    installCommands(
      [
        { command: 'testssl', package: 'testssl.sh' },
        { command: 'hexdump', package: 'bsdextrautils' },
      ],
      say,
    );
  } catch (error) {
    return [skipCase('testssl', 'all', describe(error))];
  }
  say('testssl.sh: some minutes');
  const report = join(folder, 'testssl.json');
  const options = ['--quiet', '--color', '0', '--warnings', 'batch', '--ip', '127.0.0.1', ...TESTSSL_SCANS];
  const command = [
    findCommand('testssl') ?? 'testssl',
    ...options,
    '--jsonfile',
    report,
    `localhost:${port}`,
  ];
  const ended = await run(command, { timeoutMs: SCAN_MS, stop });
  return read(
    'testssl',
    report,
    readTestssl,
    ended.timedOut ? `not done after ${SCAN_MS / 1000} s` : ended.stdout + ended.stderr,
  );
}

function read(
  group: string,
  file: string,
  parse: (json: string) => CaseResult[],
  output: string,
): CaseResult[] {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return [judgeCase(group, 'runs', [describe(error), output.trim().split('\n').slice(-3).join('; ')])];
  }
}

/** The folder of its commands, or why it is not to be had. */
function installSslyze(say: Say): string | { readonly reason: string } {
  try {
    const bin = installPython(join(CACHE, SSLYZE.name), SSLYZE.name, SSLYZE.version, say);
    const python = join(bin, 'python');
    if (spawnSync(python, ['-c', 'import sslyze']).status === 0) return bin;
    // The package alone came; now what it needs.
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `${SSLYZE.name}==${SSLYZE.version}`,
    ];
    const { status, stderr } = spawnSync(python, args, { encoding: 'utf8' });
    return status === 0
      ? bin
      : { reason: `pip could not install what sslyze needs: ${stderr.trim().split('\n').at(-1)}` };
  } catch (error) {
    return { reason: describe(error) };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
