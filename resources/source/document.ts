// Text of one or more YAML (or JSON) documents -> validated, frozen objects, and what is wrong, each with its place.
import { LineCounter, isScalar, parseAllDocuments, visit, type Document } from 'yaml';
import type { FindingCode } from '../finding-codes.ts';
import { formatPath, show, type Problem, type Step } from '../validate/problem.ts';
import type { KindSchema } from '../validate/schema.ts';
import { validate } from '../validate/validate.ts';
import { findKind, objectKey } from './kind-table.ts';
import { offsetOf } from './position.ts';

/** YAML 1.1, which kubectl reads, takes these for booleans; YAML 1.2, which we read, for strings. */
const BOOLEAN_WORD = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const MAYBE_BOOLEAN_WORD = /[:\-,[{]\s*(?:y|yes|n|no|on|off)\s*(?:$|[#,\]}])/im;
const MAX_ALIASES = 100;

/** Line and column from 1, within the text that was given. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One valid object as it was written and completed; it has no creationTimestamp or generation unless written. */
export interface ReadObject extends Position {
  /** 'HTTPRoute shop/cart'. */
  readonly key: string;
  readonly kind: KindSchema;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface ReadProblem extends Position {
  readonly code: FindingCode;
  readonly object?: string;
  readonly field?: string;
  readonly message: string;
  readonly mend?: string;
}

export interface ReadResult {
  readonly objects: readonly ReadObject[];
  readonly problems: readonly ReadProblem[];
}

/** Never throws: whatever the text is, what is wrong with it is in `problems`. */
export function readDocuments(text: string): ReadResult {
  const objects: ReadObject[] = [];
  const problems: ReadProblem[] = [];
  const lines = new LineCounter();
  try {
    for (const document of parse(text, lines)) readDocument(document, text, lines, objects, problems);
  } catch (error) {
    // The parser recurses: text that nests thousands deep ends here.
    const reason = error instanceof RangeError ? 'nested too deeply' : `cannot be read: ${firstLine(error)}`;
    problems.push({ code: 'SLU0101', line: 1, column: 1, message: reason, mend: 'write it flatter' });
  }
  return { objects, problems };
}

/** Where `path` stands in the object of that key; the object's own place when the path is empty or unknown. */
export function locateInDocuments(text: string, key: string, path: readonly Step[]): Position | undefined {
  const lines = new LineCounter();
  try {
    for (const document of parse(text, lines)) {
      for (const { value, prefix } of items(document.toJS({ maxAliasCount: MAX_ALIASES }))) {
        if (keyOf(value) === key) return position(lines, offsetOf(document, [...prefix, ...path]));
      }
    }
  } catch {
    return undefined;
  }
  return undefined;
}

function parse(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, {
    lineCounter,
    merge: true,
    stringKeys: true,
    // Pretty errors quote the text, which may be a Secret.
    prettyErrors: false,
    logLevel: 'silent',
  });
  return Array.isArray(documents) ? documents : [];
}

function readDocument(
  document: Document.Parsed,
  text: string,
  lines: LineCounter,
  objects: ReadObject[],
  problems: ReadProblem[],
): void {
  const broken = [...document.errors, ...document.warnings];
  for (const error of broken)
    problems.push({ code: 'SLU0101', ...position(lines, error.pos[0]), message: firstLine(error) });
  if (broken.length > 0) return;
  let value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  if (value === null || value === undefined) return;
  // Aliases yield one object in two places; completing one must not change the other.
  if (text.includes('&')) value = JSON.parse(JSON.stringify(value));
  for (const item of items(value)) readItem(item, document, lines, objects, problems);
  if (MAYBE_BOOLEAN_WORD.test(text)) warnOfBooleanWords(document, lines, problems);
}

interface Item {
  readonly value: unknown;
  /** Steps from the document's root to the object. */
  readonly prefix: readonly Step[];
}

/** The objects of a document: itself, or the items of a List (v1 List, or SomethingList as the API server prints it). */
function items(value: unknown): readonly Item[] {
  if (!isFields(value) || typeof value['kind'] !== 'string' || !value['kind'].endsWith('List'))
    return [{ value, prefix: [] }];
  const list = value['items'];
  if (!Array.isArray(list)) return [{ value, prefix: [] }];
  return list.flatMap((item: unknown, index) =>
    items(item).map((inner) => ({ value: inner.value, prefix: ['items', index, ...inner.prefix] })),
  );
}

function readItem(
  item: Item,
  document: Document.Parsed,
  lines: LineCounter,
  objects: ReadObject[],
  problems: ReadProblem[],
): void {
  const { value, prefix } = item;
  const at = (path: readonly Step[]): Position => position(lines, offsetOf(document, [...prefix, ...path]));
  const report = (problem: Problem, object: string | undefined): void => {
    const field = formatPath(problem.path);
    problems.push({
      code: problem.code,
      ...at(problem.path),
      ...(object === undefined ? {} : { object }),
      ...(field === '' ? {} : { field }),
      message: problem.message,
      ...(problem.mend === undefined ? {} : { mend: problem.mend }),
    });
  };
  if (!isFields(value)) {
    report({ code: 'SLU0102', path: [], message: 'not an object: it is not a mapping of fields' }, undefined);
    return;
  }
  const { apiVersion, kind: kindName } = value;
  for (const [name, field] of [
    ['apiVersion', apiVersion],
    ['kind', kindName],
  ] as const) {
    if (typeof field === 'string' && field !== '') continue;
    const message =
      field === undefined || field === null
        ? `not an object: it has no ${name}`
        : `${name} must be a string, not ${show(field)}`;
    report({ code: 'SLU0102', path: [], message, mend: `add ${name}` }, undefined);
    return;
  }
  const kind = findKind(apiVersion as string, kindName as string);
  if ('code' in kind) {
    report(kind, nameOf(value, kindName as string));
    return;
  }
  value['apiVersion'] = kind.group === '' ? kind.versions[0] : `${kind.group}/${kind.versions[0]}`;
  const found = validate(kind, value);
  for (const problem of found) report(problem, keyOf(value) ?? kind.kind);
  if (found.length > 0) return;
  const key = objectKey(kind, value['metadata'] as { name: string });
  objects.push({ key, kind, value: freeze(value), ...at([]) });
}

/** The key of anything that looks like an object of a served kind. */
function keyOf(value: unknown): string | undefined {
  if (!isFields(value) || !isFields(value['metadata'])) return undefined;
  const kind = findKind(String(value['apiVersion']), String(value['kind']));
  const { name, namespace } = value['metadata'];
  if ('code' in kind || typeof name !== 'string') return undefined;
  return objectKey(kind, typeof namespace === 'string' ? { name, namespace } : { name });
}

function nameOf(value: Readonly<Record<string, unknown>>, kind: string): string {
  const metadata = value['metadata'];
  if (!isFields(metadata) || typeof metadata['name'] !== 'string') return kind;
  const namespace = metadata['namespace'];
  return `${kind} ${typeof namespace === 'string' ? `${namespace}/` : ''}${metadata['name']}`;
}

function warnOfBooleanWords(document: Document.Parsed, lines: LineCounter, problems: ReadProblem[]): void {
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || node.type !== 'PLAIN' || typeof node.value !== 'string') return;
      if (!BOOLEAN_WORD.test(node.value)) return;
      const pair = ancestors.at(-1);
      const name =
        pair !== undefined && 'key' in pair && isScalar(pair.key) ? `${String(pair.key.value)}: ` : '';
      problems.push({
        code: 'SLU0117',
        ...position(lines, node.range?.[0] ?? 0),
        message: `kubectl reads ${name}${node.value} as a boolean, Sluice reads it as a string`,
        mend: `write '${node.value}'`,
      });
    },
  });
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? '';
}
