// What the API server does to an object before it looks at values: unknown fields are refused (strict field validation),
// nulls of fields that may not be null are dropped, defaults are filled in, and list-type set and map hold no key twice.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable
import { nearest } from './nearest.ts';
import { formatPath, show, type Problem, type Step } from './problem.ts';
import type { Schema } from './schema.ts';

type Fields = Record<string, unknown>;

/** Changes `value` in place. Values of a wrong type are left for the schema check to report. */
export function conform(schema: Schema, value: unknown, path: Step[], problems: Problem[]): void {
  if (Array.isArray(value)) conformList(schema, value, path, problems);
  else if (value !== null && typeof value === 'object')
    conformFields(schema, value as Fields, path, problems);
}

function conformFields(schema: Schema, value: Fields, path: Step[], problems: Problem[]): void {
  const properties = schema.properties;
  if (properties === undefined) {
    if (schema.additionalProperties === undefined) return;
    for (const [key, item] of Object.entries(value)) {
      path.push(key);
      conform(schema.additionalProperties, item, path, problems);
      path.pop();
    }
    return;
  }
  for (const key of Object.keys(value)) {
    // hasOwn: a field called "constructor" is as unknown as any other.
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known === undefined) {
      if (schema['x-kubernetes-preserve-unknown-fields'] === true) continue;
      problems.push(unknownField(key, Object.keys(properties), path));
      delete value[key];
    } else if (value[key] === null && known.nullable !== true) {
      delete value[key];
    }
  }
  for (const [key, property] of Object.entries(properties)) {
    if (!Object.hasOwn(value, key)) {
      if (property.default === undefined) continue;
      value[key] = structuredClone(property.default);
    }
    path.push(key);
    conform(property, value[key], path, problems);
    path.pop();
  }
}

function conformList(schema: Schema, value: readonly unknown[], path: Step[], problems: Problem[]): void {
  if (schema.items === undefined) return;
  for (let index = 0; index < value.length; index++) {
    path.push(index);
    conform(schema.items, value[index], path, problems);
    path.pop();
  }
  const keys = schema['x-kubernetes-list-map-keys'];
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set' || (type === 'map' && keys !== undefined)) findDuplicates(value, keys, path, problems);
}

function findDuplicates(
  value: readonly unknown[],
  keys: readonly string[] | undefined,
  path: readonly Step[],
  problems: Problem[],
): void {
  const seen = new Map<string, number>();
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    if (keys !== undefined && (item === null || typeof item !== 'object')) continue;
    const key =
      keys === undefined ? item : Object.fromEntries(keys.map((name) => [name, (item as Fields)[name]]));
    const text = JSON.stringify(key);
    const first = seen.get(text);
    if (first === undefined) seen.set(text, index);
    else
      problems.push({
        code: 'SLU0112',
        path: [...path, index],
        message: `has the same ${keys === undefined ? 'value' : keys.join(', ')} as ${formatPath([...path, first])}: ${show(key)}`,
      });
  }
}

function unknownField(key: string, names: readonly string[], path: readonly Step[]): Problem {
  const near = nearest(key, names);
  return {
    code: 'SLU0104',
    path: [...path, key],
    message: 'unknown field',
    mend:
      near === undefined
        ? `remove it, or use one of: ${[...names].sort().join(', ')}`
        : `did you mean ${near}?`,
  };
}
