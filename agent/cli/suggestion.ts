// 'unknown flag --ouput, did you mean --output?'
import { nearest } from '#resources/validate/nearest';

/** What is unknown, and the known name that was probably meant. */
export function unknown(kind: 'command' | 'flag', typed: string, known: readonly string[]): string {
  // Beginning a name and stopping half-way is a common slip, however long the rest is.
  const begun = typed.length > 3 ? known.find((name) => name.startsWith(typed)) : undefined;
  const near = begun ?? nearest(typed, known);
  return `unknown ${kind} ${typed}${near === undefined ? '.' : `, did you mean ${near}?`}`;
}
