// Cases of suites that look for what is wrong: none found is a pass.
import type { Program } from './machine/program.ts';
import type { CaseResult } from './report.ts';

const ERROR_LINE = /^(\w*Error|FATAL|\[ALERT\])/;

/** `figures` are worth knowing in any case. */
export function judgeCase(group: string, id: string, wrong: readonly string[], figures = ''): CaseResult {
  const findings = [...wrong, figures].filter((text) => text !== '');
  return { id, group, outcome: wrong.length === 0 ? 'passed' : 'failed', findings };
}

export function skipCase(group: string, id: string, reason: string): CaseResult {
  return { id, group, outcome: 'skipped', findings: [reason] };
}

/** `check` says what is wrong; what it throws is wrong as well. */
export async function runCase(
  group: string,
  id: string,
  check: () => Promise<readonly string[]>,
): Promise<CaseResult> {
  try {
    return judgeCase(group, id, await check());
  } catch (error) {
    return judgeCase(group, id, [error instanceof Error ? error.message : String(error)]);
  }
}

/** What is wrong when a program that must live does not: with the line of its log that says why, or the last one. */
export function findEnd({ running, log }: Program): string[] {
  if (running) return [];
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  return [`it ended: ${lines.findLast((line) => ERROR_LINE.test(line)) ?? lines.at(-1) ?? 'without a word'}`];
}
