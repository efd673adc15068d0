// A fault that is brought about, and what must hold meanwhile and afterwards.
import { judgeCase, skipCase } from '../case.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';

export interface Fault {
  /** The name of its cases' group. */
  readonly name: string;
  /** Needs resources, flags or ports that only Sluice has. */
  readonly sluiceOnly?: boolean;
  run(context: SuiteContext): Promise<readonly Finding[]>;
}

/** One thing that must hold. */
export interface Finding {
  readonly id: string;
  /** Empty: it holds. */
  readonly wrong: readonly string[];
  readonly figures?: string;
  /** Why it could not be tried. */
  readonly skipped?: string;
}

/** Never throws: a fault that cannot be brought about is a failure with its reason. */
export async function runFault(fault: Fault, context: SuiteContext): Promise<CaseResult[]> {
  const { name, sluiceOnly = false } = fault;
  if (sluiceOnly && context.target.name !== 'sluice') return [skipCase(name, 'all', 'for Sluice alone')];
  try {
    const findings = await fault.run(context);
    return findings.map(({ id, wrong, figures, skipped }) =>
      skipped === undefined ? judgeCase(name, id, wrong, figures) : skipCase(name, id, skipped),
    );
  } catch (error) {
    return [judgeCase(name, 'probe', [error instanceof Error ? error.message : String(error)])];
  }
}

/** Cases of another suite, as findings of a fault. */
export function findingsOf(cases: readonly CaseResult[]): Finding[] {
  return cases.map(({ id, outcome, findings }) => ({
    id,
    wrong: outcome === 'failed' ? findings : [],
    ...(outcome === 'skipped' ? { skipped: findings.join('; ') } : {}),
    ...(outcome === 'passed' && findings.length > 0 ? { figures: findings.join('; ') } : {}),
  }));
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
