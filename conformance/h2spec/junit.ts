// Reads the JUnit report of h2spec. It is written by one program in one form, so that no XML parser is needed: elements testsuite
// and testcase, and in the latter at most one of failure, error, skipped, whose text h2spec does not escape.

/** One case of a JUnit report. */
export interface JunitCase {
  /** Package, number in it and title: `http2/6.9.1 2: Sends ...`. */
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  /** What went wrong, in one line; '' otherwise. */
  readonly detail: string;
}

const SUITE = /<testsuite\s([^>]*)>([\s\S]*?)<\/testsuite>/g;
const CASE = /<testcase\s([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const OUTCOME = /<(failure|error|skipped)\b[^>]*?(?:\/>|>([\s\S]*?)<\/\1>)/;

/** Throws when the report holds no case, or fewer than its testsuites announce: a torn report is no score. */
export function parseJunit(xml: string): readonly JunitCase[] {
  const cases: JunitCase[] = [];
  let announced = 0;
  for (const [, suite = '', content = ''] of xml.matchAll(SUITE)) {
    announced += Number(attribute(suite, 'tests'));
    let number = 0;
    for (const [, attributes = '', body = ''] of content.matchAll(CASE)) {
      number += 1;
      const title = `${attribute(attributes, 'package')} ${number}: ${attribute(attributes, 'classname')}`;
      cases.push({ name: title, ...readOutcome(body) });
    }
  }
  if (cases.length === 0 || cases.length !== announced)
    throw new Error(`the JUnit report holds ${cases.length} cases, and announces ${announced}`);
  return cases;
}

function readOutcome(body: string): Pick<JunitCase, 'verdict' | 'detail'> {
  const outcome = OUTCOME.exec(body);
  if (outcome === null) return { verdict: 'passed', detail: '' };
  const detail = decode(outcome[2] ?? '')
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ');
  return { verdict: outcome[1] === 'skipped' ? 'skipped' : 'failed', detail };
}

function attribute(attributes: string, name: string): string {
  return decode(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16));
    return ENTITIES[String(name)] ?? whole;
  });
}
