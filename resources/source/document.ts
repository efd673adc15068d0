// Text of one or more YAML (or JSON) documents -> validated, frozen objects, and what is wrong, each with its place.
import { parseAllDocuments, type Document } from 'yaml';
import type { FindingCode } from '../finding-codes.ts';
import { formatPath, show, type Problem, type Step } from '../validate/problem.ts';
import type { KindSchema } from '../validate/schema.ts';
import { validate } from '../validate/validate.ts';
import { unknownAliases, writeOutAliases } from './alias.ts';
import { booleanWords } from './boolean-word.ts';
import { findKind, objectKey } from './kind-table.ts';
import { LineTable, type Position } from './line-table.ts';
import { offsetOf } from './position.ts';

const MAX_ALIASES = 100;
/** After the first mistakes a parser mostly repeats itself. */
const MAX_SYNTAX_ERRORS = 5;

/** One valid object as it was written and completed, with its place within the text that was given; it has no creationTimestamp or generation unless written. */
export interface ReadObject extends Position {
  /** 'HTTPRoute shop/cart'. */
  readonly key: string;
  readonly kind: KindSchema;
  readonly value: Readonly<Record<string, unknown>>;
}

interface ReadProblem extends Position {
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
  const lines = new LineTable(text);
  try {
    for (const document of parse(text)) readDocument(document, text, lines, objects, problems);
  } catch (error) {
    // Text that nests thousands deep, or whose aliases multiply, ends here.
    problems.push({ code: 'SLU0101', line: 1, column: 1, message: explain(error) });
  }
  return { objects, problems };
}

/** Where `path` stands in the object of that key; the object's own place when the path is empty or unknown. */
export function locateInDocuments(text: string, key: string, path: readonly Step[]): Position | undefined {
  const lines = new LineTable(text);
  try {
    for (const document of parse(text)) {
      for (const { value, prefix } of items(document.toJS({ maxAliasCount: MAX_ALIASES }))) {
        if (keyOf(value) === key) return lines.at(offsetOf(document, [...prefix, ...path]));
      }
    }
  } catch {
    return undefined;
  }
  return undefined;
}

function parse(text: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, {
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
  lines: LineTable,
  objects: ReadObject[],
  problems: ReadProblem[],
): void {
  const broken = [...document.errors, ...document.warnings];
  // Some messages quote a word of the text, which in a Secret may be part of a value.
  const secret = text.includes('Secret');
  for (const error of broken.slice(0, MAX_SYNTAX_ERRORS)) {
    const message = secret ? error.code.toLowerCase().replaceAll('_', ' ') : explain(error);
    problems.push({ code: 'SLU0101', ...lines.at(error.pos[0]), message });
  }
  const unknown = text.includes('*') ? unknownAliases(document) : [];
  for (const { name, offset } of unknown)
    problems.push({
      code: 'SLU0101',
      ...lines.at(offset),
      message: secret ? 'no anchor stands before this alias' : `no anchor &${name} stands before *${name}`,
    });
  if (broken.length > 0 || unknown.length > 0) return;
  let value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  if (value === null || value === undefined) return;
  // Aliases yield one object in two places; completing one must not change the other.
  if (text.includes('&')) value = writeOutAliases(value);
  for (const item of items(value)) readItem(item, document, lines, objects, problems);
  for (const word of booleanWords(document, text))
    problems.push({
      code: 'SLU0117',
      ...lines.at(word.offset),
      message: word.message,
      mend: word.mend,
    });
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
  lines: LineTable,
  objects: ReadObject[],
  problems: ReadProblem[],
): void {
  const { value, prefix } = item;
  const at = (path: readonly Step[]): Position => lines.at(offsetOf(document, [...prefix, ...path]));
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

function explain(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  return text.startsWith('Maximum call stack') ? 'nested too deeply' : text;
}
