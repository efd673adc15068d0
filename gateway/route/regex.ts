// Regular expressions that users write: the subset that RE2 and V8 read alike, proven to run in linear time.
//
// The proof is V8's own non-backtracking engine (RegExp flag 'l'), which refuses what it cannot run in linear time. It must
// be switched on before the first proof: v8.setFlagsFromString('--enable-experimental-regexp-engine'). Where it is off,
// nothing is proven and every user regex is refused. Requests are matched by V8's normal engine, 30x faster, which falls
// back to the linear one under '--enable-experimental-regexp-engine-on-excessive-backtracks'.
import { expandRepeats } from './regex-repeat.ts';

/** Why a regex is refused, in the form of a Finding. */
export interface RegexRefusal {
  readonly error: string;
  readonly mend: string;
}

/** Full-match semantics: the whole path or value must match, as in Envoy. Never throws on what `proveRegex` passed. */
export function compileRegex(source: string): RegExp {
  return new RegExp(`^(?:${expandRepeats(source)})$`);
}

/** Undefined when `source` may be used. */
export function proveRegex(source: string): RegexRefusal | undefined {
  const refusal = checkSyntax(source);
  if (refusal !== undefined) return refusal;
  try {
    // Alone first: 'a)(b' is only right inside the group that compileRegex puts around it.
    void [new RegExp(source), compileRegex(source)];
  } catch (error) {
    return { error: `not a regular expression: ${reasonOf(error)}`, mend: 'correct its syntax (RE2)' };
  }
  if (!isLinearEngineAlive()) {
    return {
      error: 'cannot be proven to run in linear time, since the regular expression engine for it is off',
      mend: 'start with --enable-experimental-regexp-engine, or match by Exact or PathPrefix',
    };
  }
  return isLinear(source)
    ? undefined
    : {
        error: 'cannot be executed in linear time',
        mend: 'repeat a group at most 16 times and a character at most 256 times, or use + or *',
      };
}

/** The characters that every match must start with; '' when unknown. Cheap to compare before the regex runs. */
export function literalPrefix(source: string): string {
  if (source.includes('|')) return '';
  const literal = /^\^?([\w/%~!@&=:;,<>#'"` -]*)/.exec(source)?.[1] ?? '';
  const next = source.charAt(literal.length + (source.startsWith('^') ? 1 : 0));
  // A quantifier binds to the last character, so that one is not certain.
  return next !== '' && '*?{+'.includes(next) ? literal.slice(0, -1) : literal;
}

/** Refuses what RE2 does not know or reads otherwise, before V8 takes it for something else without a word. */
function checkSyntax(source: string): RegexRefusal | undefined {
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i);
    const rest = source.slice(i);
    if (char === '\\') {
      const refusal = checkEscape(rest, inClass);
      if (refusal !== undefined) return refusal;
      i++;
    } else if (inClass) {
      if (char === ']') inClass = false;
      else if (rest.startsWith('[:')) return refuse('[:class:]', 'write the characters, such as [a-z0-9]');
    } else if (char === '[') {
      inClass = true;
      // RE2 takes a ] in first place for the character, V8 for the end of an empty class.
      if (/^\[\^?\]/.test(rest)) return refuse('] as the first character of a class', 'write \\]');
    } else if (rest.startsWith('(?') && !rest.startsWith('(?:')) {
      if (!/^\(\?<[A-Za-z_]\w*>/.test(rest)) return refuseGroup(rest);
    }
  }
  return undefined;
}

/** Escapes that mean the same to both: classes, control characters, \xHH, \b, and punctuation. */
function checkEscape(rest: string, inClass: boolean): RegexRefusal | undefined {
  if (/^\\(?:[dDwWsStnrfv]|x[0-9A-Fa-f]{2}|[^\w\s])/.test(rest)) return undefined;
  // Inside a class \b is a backspace to V8 and an error to RE2.
  if (/^\\[bB]/.test(rest) && !inClass) return undefined;
  return /^\\[1-9k]/.test(rest)
    ? refuse('a back-reference', 'remove it: back-references cannot run in linear time')
    : refuse(`the escape ${rest.slice(0, 2)}`, 'write the characters themselves or a class such as [a-z]');
}

function refuseGroup(rest: string): RegexRefusal {
  if (/^\(\?<?[=!]/.test(rest)) return refuse('look-around', 'remove it, or split the match in two rules');
  return rest.startsWith('(?P<')
    ? refuse('(?P<name>', 'write (?:...)')
    : refuse(`the group ${rest.slice(0, 3)}`, 'write (?:...); matching is always case-sensitive');
}

function refuse(what: string, mend: string): RegexRefusal {
  return { error: `${what} is not supported in regular expressions`, mend };
}

function isLinear(source: string): boolean {
  try {
    // oxlint-disable-next-line no-invalid-regexp -- V8's own flag, see the top of the file
    return new RegExp(`^(?:${expandRepeats(source)})$`, 'l') instanceof RegExp;
  } catch {
    return false;
  }
}

/** The flag is experimental: trust it only while it accepts what is linear and refuses what is not. */
function isLinearEngineAlive(): boolean {
  return isLinear('/a[0-9]+') && !isLinear('(a)\\1') && !isLinear('(?=a)a');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
}
