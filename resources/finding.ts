// One thing that is wrong with what a user wrote, or with where it runs: which object, which field, and how to mend it.
import { FINDING_CODES, type FindingCode, type FindingLevel } from './finding-codes.ts';

export interface Finding {
  readonly code: FindingCode;
  readonly level: FindingLevel;
  /** Path of the file as the user gave it, from the directory's name on. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1, in characters. */
  readonly column?: number;
  /** 'HTTPRoute default/shop', 'GatewayClass sluice'. */
  readonly object?: string;
  /** 'spec.rules[0].matches[1].path.value'. */
  readonly field?: string;
  readonly message: string;
  readonly mend: string;
}

/** What is known of a finding; level and mend come from the table of codes when they are not given. */
export interface FindingParts extends Partial<Omit<Finding, 'code' | 'message'>> {
  readonly message: string;
}

export function makeFinding(code: FindingCode, parts: FindingParts): Finding {
  return { code, level: FINDING_CODES[code].level, mend: FINDING_CODES[code].mend, ...parts };
}

/** 'routes.yaml:12:7: error SLU0103 HTTPRoute default/shop spec.rules[0].name: must be a string. Mend: ...' */
export function formatFinding(finding: Finding): string {
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
  const subject = [finding.object, finding.field].filter((part) => part !== undefined).join(' ');
  return (
    `${place === '' ? '' : `${place}: `}${finding.level} ${finding.code} ` +
    `${subject === '' ? '' : `${subject}: `}${finding.message}. Mend: ${finding.mend}`
  );
}
