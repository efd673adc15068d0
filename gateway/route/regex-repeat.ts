// V8's linear engine refuses counted repetitions above 16. For a single character or class the same can be said in steps:
// [a-z]{1,40} is [a-z]{1}[a-z]{0,16}[a-z]{0,16}[a-z]{0,7}. Groups are left as they are, since steps would multiply inside them.

/** The most that the linear engine takes in one step. */
const STEP = 16;
/** Beyond, the expression would grow too large; RE2 ends at 1,000. */
const MAX_REPEATS = 256;

/** An escape, a class or any character, with its count and laziness. */
const TOKEN = /(\\x[0-9A-Fa-f]{2}|\\[^]|\[(?:\\[^]|[^\]\\])*\]|[^])(?:\{(\d+)(,?)(\d*)\}(\??))?/g;
const NOT_AN_ATOM = '^$|()*+?{}';

export function expandRepeats(source: string): string {
  return source.replaceAll(
    TOKEN,
    (token: string, atom: string, low: string | undefined, comma = '', high = '', lazy = '') => {
      if (low === undefined || NOT_AN_ATOM.includes(atom)) return token;
      const min = Number(low);
      const max = comma === '' ? min : high === '' ? Infinity : Number(high);
      const largest = max === Infinity ? min : max;
      if (largest <= STEP || largest > MAX_REPEATS || max < min) return token;
      const optional = max === Infinity ? `${atom}*${lazy}` : repeat(atom, max - min, '0,', lazy);
      return repeat(atom, min, '', lazy) + optional;
    },
  );
}

/** `count` repetitions in steps; `low` is '0,' when each of them may be missing. */
function repeat(atom: string, count: number, low: string, lazy: string): string {
  const rest = count % STEP;
  return (
    `${atom}{${low}${STEP}}${lazy}`.repeat(Math.floor(count / STEP)) +
    (rest === 0 ? '' : `${atom}{${low}${rest}}${lazy}`)
  );
}
