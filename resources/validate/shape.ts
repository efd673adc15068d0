// Types, ranges, patterns and required fields: the schema through ajv, its errors in words for people.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { FORMAT_NAMES, NUMBER_FORMATS, STRING_FORMATS } from './format.ts';
import { nearest } from './nearest.ts';
import { show, type Problem, type Step } from './problem.ts';
import type { KindSchema } from './schema.ts';

const compiled = new WeakMap<KindSchema, ValidateFunction>();
let compiler: Ajv | undefined;

/** Checks a conformed object. `quiet`: values are secret and do not appear in messages. */
export function checkShape(kind: KindSchema, value: unknown, quiet: boolean): readonly Problem[] {
  let validate = compiled.get(kind);
  if (validate === undefined) {
    compiler ??= openCompiler();
    validate = compiler.compile(kind.schema);
    compiled.set(kind, validate);
  }
  if (validate(value)) return [];
  return withoutBranches(validate.errors ?? []).map((error) => explain(error, quiet));
}

function openCompiler(): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, logger: false });
  for (const [name, validate] of Object.entries(STRING_FORMATS)) ajv.addFormat(name, validate);
  for (const [name, validate] of Object.entries(NUMBER_FORMATS))
    ajv.addFormat(name, { type: 'number', validate });
  return ajv;
}

/** A failed anyOf or oneOf also reports why each branch failed: those are folded into one error at the deepest place. */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf');
  if (unions.length === 0) return errors;
  const outermost = errors.filter((error) => !unions.some((union) => isBranch(error, union)));
  return outermost.map((error) => (unions.includes(error) ? fold(error, errors) : error));
}

function fold(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject {
  const branches = errors.filter((error) => isBranch(error, union));
  const deepest = branches.reduce((a, b) => (b.instancePath.length > a.instancePath.length ? b : a), union);
  const wanted = branches
    .filter((branch) => branch.instancePath === deepest.instancePath)
    .flatMap((branch) => demand(branch) ?? []);
  return { ...union, instancePath: deepest.instancePath, data: deepest.data, params: { wanted } };
}

function isBranch(error: ErrorObject, union: ErrorObject): boolean {
  return (
    error !== union &&
    error.schemaPath.startsWith(`${union.schemaPath}/`) &&
    (error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`))
  );
}

/** What a branch asks for, to be joined by 'or'. */
function demand(error: ErrorObject): string | undefined {
  if (error.keyword === 'format') return FORMAT_NAMES[String(error.params['format'])];
  if (error.keyword === 'type') return article(String(error.params['type']));
  return undefined;
}

function explain(error: ErrorObject, quiet: boolean): Problem {
  const path = pointer(error.instancePath);
  const limit = Number(error.params['limit']);
  const not = quiet ? '' : `, not ${show(error.data)}`;
  switch (error.keyword) {
    case 'required': {
      const name = String(error.params['missingProperty']);
      return { code: 'SLU0105', path: [...path, name], message: 'required', mend: `add ${name}` };
    }
    case 'type':
      return wrong(
        path,
        `must be ${article(String(error.params['type']))}${quiet ? `, not ${article(typeName(error.data))}` : not}`,
        typeMend(error),
      );
    case 'enum': {
      const allowed = error.params['allowedValues'] as readonly (string | number)[];
      const near = typeof error.data === 'string' ? nearest(error.data, allowed.map(String)) : undefined;
      return wrong(
        path,
        `must be one of ${allowed.join(', ')}${not}`,
        near === undefined ? undefined : `did you mean ${near}?`,
      );
    }
    case 'minimum':
    case 'maximum':
      return wrong(
        path,
        `must be ${String(error.params['comparison'])} ${limit}${not}`,
        'write a number in this range',
      );
    case 'minLength':
    case 'maxLength':
      return wrong(
        path,
        `must have ${error.keyword === 'minLength' ? 'at least' : 'at most'} ${count(limit, 'character')}${not}`,
        error.keyword === 'minLength' ? 'write a longer value or remove the field' : 'shorten it',
      );
    case 'minItems':
    case 'maxItems':
    case 'maxProperties':
      return wrong(
        path,
        `must have ${error.keyword === 'minItems' ? 'at least' : 'at most'} ${count(limit, 'item')}, has ${size(error.data)}`,
        error.keyword === 'minItems' ? 'add items or remove the field' : 'remove items or divide the object',
      );
    case 'pattern':
      return wrong(path, `must match ${String(error.params['pattern'])}${not}`, 'write a value that matches');
    case 'format':
      return wrong(path, `must be ${demand(error) ?? String(error.params['format'])}${not}`);
    default: {
      const wanted = (error.params['wanted'] as readonly string[] | undefined) ?? [];
      return wrong(
        path,
        wanted.length > 0 ? `must be ${wanted.join(' or ')}${not}` : `is not allowed here${not}`,
      );
    }
  }
}

function wrong(path: readonly Step[], message: string, mend?: string): Problem {
  return { code: 'SLU0103', path, message, ...(mend === undefined ? {} : { mend }) };
}

function typeMend(error: ErrorObject): string {
  const wanted = String(error.params['type']);
  if (wanted === 'string' && ['number', 'boolean'].includes(typeof error.data))
    return 'put the value in quotes';
  if (wanted === 'integer' && typeof error.data === 'string' && /^-?\d+$/.test(error.data))
    return 'remove the quotes';
  if (wanted === 'array') return 'write a list: one item a line, each after "- "';
  if (wanted === 'object') return 'write fields: one a line, each as "name: value"';
  return `write ${article(wanted)}`;
}

/** '/spec/rules/0/name' -> ['spec', 'rules', 0, 'name']; the data tells lists from mappings with digits as keys. */
function pointer(text: string): readonly Step[] {
  if (text === '') return [];
  return text
    .slice(1)
    .split('/')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = {
    object: 'a mapping of fields',
    array: 'a list',
    integer: 'an integer',
    null: 'null',
  };
  return names[type] ?? `a ${type}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function count(limit: number, noun: string): string {
  return `${limit} ${noun}${limit === 1 ? '' : 's'}`;
}

function size(value: unknown): number {
  return Array.isArray(value) ? value.length : Object.keys(value ?? {}).length;
}
