// x-kubernetes-validations: each CEL rule beside a schema node is run on the value at that node.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
import { compileRule } from './cel/environment.ts';
import type { Problem, Step } from './problem.ts';
import type { Schema } from './schema.ts';

/** CEL's reserved words: as field names they are written __word__ in rules. */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

/** Schemas that have rules at or below them; the rest of an object is not looked at. */
const carriers = new WeakMap<Schema, boolean>();
const escaped = new Map<string, string>();

/** Runs all rules on an object whose shape has been checked. */
export function checkRules(schema: Schema, value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  walk(schema, value, undefined, [], problems);
  return problems;
}

/** A value as CEL sees it: integers are int, not double, and field names are escaped. Keys of maps stay as they are. */
export function celValue(schema: Schema, value: unknown): unknown {
  if (typeof value === 'number')
    return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => celValue(schema.items ?? {}, item));
  if (value === null || typeof value !== 'object') return value;
  const { properties, additionalProperties } = schema;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      properties === undefined
        ? [key, celValue(additionalProperties ?? {}, item)]
        : [escapeName(key), celValue(properties[key] ?? {}, item)],
    ),
  );
}

/** `view`: the value as CEL sees it, once a rule above has needed it. */
function walk(schema: Schema, value: unknown, view: unknown, path: Step[], problems: Problem[]): void {
  if (!carriesRules(schema)) return;
  const rules = schema['x-kubernetes-validations'] ?? [];
  const self = view ?? (rules.length > 0 ? celValue(schema, value) : undefined);
  for (const { rule, message } of rules) {
    const failure = run(rule, self);
    if (failure === undefined) continue;
    problems.push({
      code: 'SLU0106',
      path: [...path],
      message: `${message ?? `must satisfy ${rule}`}${failure === '' ? '' : ` (${failure})`}`,
    });
  }
  if (Array.isArray(value)) {
    const views = self as readonly unknown[] | undefined;
    for (let index = 0; index < value.length; index++)
      step(schema.items, value[index], views?.[index], index, path, problems);
  } else if (value !== null && typeof value === 'object') {
    const views = self as Readonly<Record<string, unknown>> | undefined;
    for (const [key, item] of Object.entries(value)) {
      const property = schema.properties?.[key] ?? schema.additionalProperties;
      const name = schema.properties === undefined ? key : escapeName(key);
      step(property, item, views?.[name], key, path, problems);
    }
  }
}

function step(
  schema: Schema | undefined,
  value: unknown,
  view: unknown,
  at: Step,
  path: Step[],
  problems: Problem[],
): void {
  if (schema === undefined) return;
  path.push(at);
  walk(schema, value, view, path, problems);
  path.pop();
}

/** undefined: the rule holds. '': it does not. Else: it could not be decided, which fails it as in the API server. */
function run(rule: string, view: unknown): string | undefined {
  try {
    return compileRule(rule)(view) === true ? undefined : '';
  } catch (error) {
    const { summary, message } = error as { summary?: string; message?: string };
    return (summary ?? message ?? String(error)).split('\n')[0] ?? '';
  }
}

function carriesRules(schema: Schema): boolean {
  let carries = carriers.get(schema);
  if (carries === undefined) {
    carries =
      (schema['x-kubernetes-validations'] ?? []).length > 0 ||
      [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties].some(
        (below) => below !== undefined && carriesRules(below),
      );
    carriers.set(schema, carries);
  }
  return carries;
}

/** The name of a field in a rule. Fields are known by now, so there are few. */
function escapeName(name: string): string {
  let text = escaped.get(name);
  if (text === undefined) {
    text = RESERVED.has(name) ? `__${name}__` : escapeCharacters(name);
    escaped.set(name, text);
  }
  return text;
}

function escapeCharacters(name: string): string {
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
