// What a suite found, case by case, as text for people and as JSON for programs.

export interface CaseResult {
  readonly id: string;
  /** What the case is about: a family, a section, a fault. */
  readonly group: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed, or why it was skipped; what is worth knowing of a pass. */
  readonly findings: readonly string[];
  /** The failure lets an attack through, rather than being a lack. */
  readonly unsafe?: boolean;
}

export interface SuiteReport {
  /** What was judged: name and version. */
  readonly subject: string;
  readonly cases: readonly CaseResult[];
  /** Lines for people: figures, what was measured. */
  readonly notes: readonly string[];
}

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly unsafe: number;
}

export function countCases(cases: readonly CaseResult[]): Count {
  const count = (outcome: CaseResult['outcome']): number =>
    cases.filter((one) => one.outcome === outcome).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    unsafe: cases.filter((one) => one.outcome === 'failed' && one.unsafe === true).length,
  };
}

/** The last line is 'N passed, N failed, N skipped'. */
export function renderReport(report: SuiteReport): string[] {
  const { passed, failed, skipped, unsafe } = countCases(report.cases);
  return [
    report.subject,
    ...[...byGroup(report.cases)].map(
      ([group, cases]) => `  ${group.padEnd(14)} ${renderCount(countCases(cases))}`,
    ),
    ...list('skipped', report.cases),
    ...list('failed', report.cases),
    ...report.notes,
    ...(unsafe > 0 ? [`${unsafe} of the failures are unsafe`] : []),
    ...(passed + failed === 0 ? ['no case was executed: that counts as a failure'] : []),
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ];
}

export function reportToJson(suite: string, target: string, report: SuiteReport): object {
  return {
    suite,
    target,
    subject: report.subject,
    ...countCases(report.cases),
    groups: Object.fromEntries(
      [...byGroup(report.cases)].map(([group, cases]) => [group, countCases(cases)]),
    ),
    cases: report.cases,
    notes: report.notes,
  };
}

function renderCount({ passed, failed, skipped, unsafe }: Count): string {
  const failures = failed === 0 ? '' : `, ${failed} failed${unsafe > 0 ? ` (${unsafe} unsafe)` : ''}`;
  return `${passed} passed${failures}${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

function list(outcome: 'failed' | 'skipped', cases: readonly CaseResult[]): string[] {
  const lines = cases
    .filter((one) => one.outcome === outcome)
    .map(({ id, group, findings, unsafe }) => {
      const mark = outcome === 'failed' && unsafe === true ? ' UNSAFE' : '';
      return `  ${group} ${id}${mark}: ${findings.join('; ')}`;
    });
  return lines.length > 0 ? [`${outcome}:`, ...lines] : [];
}

function byGroup(cases: readonly CaseResult[]): Map<string, CaseResult[]> {
  return Map.groupBy(cases, ({ group }) => group);
}
