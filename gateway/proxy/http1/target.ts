// The request target in the one form that is both matched and forwarded, decided before any match is made:
//
//   /path?query              as it is (nearly all requests come this far in the scan, and no further)
//   http://host/path?query   becomes /path?query, and `host` takes the place of the Host header (RFC 9112 section 3.2.2)
//   *                        only for OPTIONS
//
// A path that two parsers could read differently is either brought into one form or refused:
//   %41        an escaped unreserved character is unescaped, other escapes get upper-case digits (RFC 3986 section 6.2.2)
//   /a/../b    dot segments are removed (RFC 3986 section 5.2.4); climbing above the root is refused
//   //         becomes /, so that //admin is not a way around a rule for /admin
//   %2F %5C    stay as they are and separate nothing, here and for the backend; refused where they would hide '.' or '..'
//   ..;x       refused: servers that cut path parameters off before they resolve dots climb here
//   %00 \ #    refused, and so is a % that is not followed by two hexadecimal digits
// The query is forwarded untouched.
import {
  DONE,
  ESCAPE_INVALID,
  PATH_ABOVE_ROOT,
  PATH_BACKSLASH,
  PATH_HIDDEN_DOTS,
  PATH_NUL,
  TARGET_FORM_INVALID,
} from './fault.ts';

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;
const ESCAPE = /%([0-9A-Fa-f]{2})?/g;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;
const ENCODED_SLASH = /%2F|%5C/;
const PARAMETER = /;|%3B/;

/** A target in its parts. One object per worker is filled anew for each request that needs it. */
export class Target {
  path = '';
  query = '';
  /** Of the absolute form; undefined: the Host header holds. */
  authority: string | undefined = undefined;
  /** Is not what the client wrote: the request line has to be written anew. */
  changed = false;

  /** DONE, or a fault. `text` holds nothing but visible ASCII without '#'. */
  read(text: string, method: string): number {
    this.authority = undefined;
    this.changed = false;
    this.query = '';
    this.path = text;
    if (text === '*') return method === 'OPTIONS' ? DONE : TARGET_FORM_INVALID;
    let rest = text;
    if (!text.startsWith('/')) {
      const parts = ABSOLUTE.exec(text);
      if (parts === null) return TARGET_FORM_INVALID;
      this.authority = parts[1] ?? '';
      this.changed = true;
      rest = parts[2] ?? '';
      if (!rest.startsWith('/')) rest = `/${rest}`;
    }
    const mark = rest.indexOf('?');
    const raw = mark < 0 ? rest : rest.slice(0, mark);
    if (mark >= 0) this.query = rest.slice(mark + 1);
    const path = normalizePath(raw);
    if (typeof path === 'number') return path;
    if (path !== raw) this.changed = true;
    this.path = path;
    return DONE;
  }

  /** What the request line is to say. */
  get text(): string {
    return this.query === '' ? this.path : `${this.path}?${this.query}`;
  }
}

/** The path in its one form, or a fault. `raw` starts with '/'. */
export function normalizePath(raw: string): string | number {
  if (raw.includes('\\')) return PATH_BACKSLASH;
  let fault = DONE;
  const unescaped = raw.replace(ESCAPE, (escape, digits: string | undefined) => {
    if (digits === undefined) fault = ESCAPE_INVALID;
    else if (digits === '00') fault = PATH_NUL;
    else {
      const char = String.fromCharCode(Number.parseInt(digits, 16));
      return UNRESERVED.test(char) ? char : escape.toUpperCase();
    }
    return escape;
  });
  if (fault !== DONE) return fault;
  const kept: string[] = [];
  const segments = unescaped.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i]!;
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (kept.pop() === undefined) return PATH_ABOVE_ROOT;
      continue;
    }
    if (segment.includes('.') && hidesDots(segment)) return PATH_HIDDEN_DOTS;
    kept.push(segment);
  }
  const last = segments.at(-1);
  const directory = kept.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${kept.join('/')}${directory ? '/' : ''}`;
}

/** Whether another reader could find '.' or '..' in it. */
function hidesDots(segment: string): boolean {
  return segment.split(ENCODED_SLASH).some((part) => {
    const [name] = part.split(PARAMETER);
    return name === '.' || name === '..';
  });
}
