// RequestHeaderModifier and ResponseHeaderModifier as written: checks names and values, and leaves the framing alone.
import type { HTTPHeader, HTTPHeaderFilter } from '#resources/type/http-route.gen';
import type { HeaderEdit, HeaderModifier } from '../../model/route.ts';
import type { FilterIssue, ParsedFilter } from '../issue.ts';

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[-!#$%&'*+.^_`|~A-Za-z0-9]+$/;
/** RFC 9110 section 5.5: no control characters except tab, above all no CR, LF and NUL. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN_IN_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * Fields that frame the message or belong to one connection (RFC 9110 section 7.6.1, RFC 9112 section 6): the proxy writes
 * them itself, and a Route that edits them could smuggle requests.
 */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** `field` is where the modifier stands, such as 'requestHeaderModifier'. */
export function parseHeaderModifier(modifier: HTTPHeaderFilter, field: string): ParsedFilter<HeaderModifier> {
  const issues: FilterIssue[] = [];
  const action = new Map<string, string>();
  const check = (name: string, where: string, list: string): boolean => {
    const problem = checkName(name) ?? claim(action, name, list);
    if (problem !== undefined) issues.push({ ...problem, field: `${field}.${where}` });
    return problem === undefined;
  };
  const edits = (list: 'set' | 'add'): HeaderEdit[] =>
    firstOfEach(modifier[list] ?? [])
      .filter(({ header: { name, value }, index }) => {
        const where = `${list}[${index}]`;
        if (FORBIDDEN_IN_VALUE.test(value)) {
          issues.push({
            field: `${field}.${where}.value`,
            message: 'holds a control character',
            mend: 'remove it: header values are one line of text',
          });
          return false;
        }
        return check(name, `${where}.name`, list);
      })
      .map(({ header: { name, value } }) => ({ name, value }));
  const set = edits('set');
  const add = edits('add');
  const remove = (modifier.remove ?? []).filter((name, index) => check(name, `remove[${index}]`, 'remove'));
  return { filter: { set, add, remove: [...new Set(remove.map((name) => name.toLowerCase()))] }, issues };
}

function checkName(name: string): Omit<FilterIssue, 'field'> | undefined {
  if (!TOKEN.test(name)) {
    return { message: `${JSON.stringify(name)} is not a header name`, mend: 'use letters, digits and -' };
  }
  const lower = name.toLowerCase();
  if (lower === 'host') {
    return { message: 'Host cannot be edited as a header', mend: 'use a URLRewrite filter with hostname' };
  }
  return FRAMING.has(lower)
    ? { message: `${name} belongs to the connection and is written by the proxy`, mend: 'remove this entry' }
    : undefined;
}

/** One action per name: "multiple actions of the same or different type for any one header name are invalid". */
function claim(
  actions: Map<string, string>,
  name: string,
  action: string,
): Omit<FilterIssue, 'field'> | undefined {
  const lower = name.toLowerCase();
  const taken = actions.get(lower);
  actions.set(lower, taken ?? action);
  return taken === undefined || taken === action
    ? undefined
    : { message: `${name} is also named by ${taken}`, mend: 'keep one action for each header' };
}

/** "If multiple entries specify equivalent header names, the first entry MUST be considered" (HTTPHeader.name). */
function firstOfEach(headers: readonly HTTPHeader[]): { header: HTTPHeader; index: number }[] {
  const seen = new Set<string>();
  return headers
    .map((header, index) => ({ header, index }))
    .filter(({ header }) => !seen.has(header.name.toLowerCase()) && seen.add(header.name.toLowerCase()));
}
