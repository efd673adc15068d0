// Cases of suites that look for what is wrong: none found is a pass.
import type { CaseResult } from './report.ts';

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
