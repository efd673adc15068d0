// Header modifiers turned into what the engine does while it copies a head: lines to leave out, bytes to put at the end.
import type { HeaderModifier } from '../../model/route.ts';

export interface HeaderEdits {
  /** Lower-case names of the fields to leave out. */
  readonly drop: ReadonlySet<string> | undefined;
  /** Complete lines "Name: value\r\n", to be written after the fields that stay. */
  readonly append: Buffer | undefined;
}

/**
 * Applies modifiers one after another: set leaves out all fields of the name and appends one, add appends one more line
 * (RFC 9110 section 5.3: the same as a longer list), remove leaves out, also what an earlier modifier appended.
 */
export function compileHeaderEdits(modifiers: readonly HeaderModifier[]): HeaderEdits {
  const drop = new Set<string>();
  let lines: { name: string; line: string }[] = [];
  const remove = (name: string): void => {
    drop.add(name);
    lines = lines.filter((line) => line.name !== name);
  };
  const append = (name: string, value: string): void => {
    lines.push({ name: name.toLowerCase(), line: `${name}: ${value}\r\n` });
  };
  for (const modifier of modifiers) {
    for (const { name, value } of modifier.set) {
      remove(name.toLowerCase());
      append(name, value);
    }
    for (const { name, value } of modifier.add) append(name, value);
    for (const name of modifier.remove) remove(name.toLowerCase());
  }
  return {
    drop: drop.size > 0 ? drop : undefined,
    append: lines.length > 0 ? Buffer.from(lines.map(({ line }) => line).join('')) : undefined,
  };
}
