// One thing that is wrong inside one object, before it is known in which file the object stands.
import type { FindingCode } from '../finding-codes.ts';

/** A key of a mapping or an index of a list. */
export type Step = string | number;

export interface Problem {
  readonly code: FindingCode;
  /** From the root of the object; the last step may be a field that is missing. */
  readonly path: readonly Step[];
  readonly message: string;
  /** When something better than the general mend of the code is known. */
  readonly mend?: string;
}

/** ['spec', 'rules', 0, 'name'] -> 'spec.rules[0].name'; keys with other characters than letters are quoted in brackets. */
export function formatPath(path: readonly Step[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_]\w*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `['${step}']`;
  }
  return text;
}

/** The inverse of formatPath; undefined when `text` is not such a path. */
export function parsePath(text: string): readonly Step[] | undefined {
  const path: Step[] = [];
  const step = /\.?([A-Za-z_]\w*)|\[(\d+)\]|\['([^']*)'\]/y;
  while (step.lastIndex < text.length) {
    const found = step.exec(text);
    if (found === null) return undefined;
    path.push(found[2] === undefined ? (found[1] ?? found[3] ?? '') : Number(found[2]));
  }
  return path;
}

/** A value as an error shows it: JSON, cut to 60 characters. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
