// HTTPPathModifier: replaces the whole path or the matched prefix. Shared by the redirect and the rewrite filter.
import type { HTTPPathModifier } from '#resources/type/http-route.gen';
import type { PathRewrite } from '../model/route.ts';
import type { FilterIssue } from './issue.ts';

/** The characters of a path (RFC 3986 section 3.3): no query, no fragment, nothing that could end a line. */
const PATH = /^\/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/;

/** `prefix` is the only prefix that the rule matches, or undefined when it matches anything else. */
export function parsePathModifier(
  modifier: HTTPPathModifier,
  prefix: string | undefined,
  field: string,
): { path: PathRewrite | undefined; issues: readonly FilterIssue[] } {
  if (modifier.type === 'ReplaceFullPath') {
    const value = modifier.replaceFullPath ?? '';
    return PATH.test(value)
      ? { path: { kind: 'full', value }, issues: [] }
      : refuse(
          `${field}.replaceFullPath`,
          `${quote(value)} is not an absolute path`,
          'begin it with /, without ? and #',
        );
  }
  if (modifier.type !== 'ReplacePrefixMatch') {
    return refuse(
      `${field}.type`,
      `${quote(String(modifier.type))} is not a path modifier`,
      'write ReplaceFullPath',
    );
  }
  const value = modifier.replacePrefixMatch ?? '';
  if (value !== '' && !PATH.test(value)) {
    return refuse(
      `${field}.replacePrefixMatch`,
      `${quote(value)} is not an absolute path`,
      'begin it with /, without ? and #, or leave it empty',
    );
  }
  if (prefix === undefined) {
    return refuse(
      `${field}.type`,
      'ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix',
      'match one PathPrefix, or use ReplaceFullPath',
    );
  }
  return { path: { kind: 'prefix', match: prefix, value }, issues: [] };
}

/**
 * The modified path, by the table of HTTPPathModifier.replacePrefixMatch: a trailing slash of the match or the replacement
 * does not count, and the result is never empty. `path` is one that the rule has matched.
 */
export function modifyPath(path: string, modifier: PathRewrite): string {
  if (modifier.kind === 'full') return modifier.value;
  const rest = path.slice(trimSlash(modifier.match).length);
  return trimSlash(modifier.value) + rest || '/';
}

function trimSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function refuse(
  field: string,
  message: string,
  mend: string,
): { path: undefined; issues: readonly FilterIssue[] } {
  return { path: undefined, issues: [{ field, message, mend }] };
}

function quote(value: string): string {
  return JSON.stringify(value);
}
