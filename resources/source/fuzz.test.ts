// Whatever stands in a file: reading it yields objects and findings, never an exception, and what it lets through holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { KINDS } from '../validate/kinds.gen.ts';
import type { KindSchema, Schema } from '../validate/schema.ts';
import { validate } from '../validate/validate.ts';
import { locateInFile, readManifestFile } from './manifest-file.ts';
import { ObjectTable } from './object-table.ts';

const NAMES = ['__proto__', 'constructor', 'toString', 'name', 'spec', 'metadata', 'a b', '', 'namespace'];

test('text of any kind', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '---\n',
      '...\n',
      '%YAML 1.2\n',
      ': ',
      '- ',
      '? ',
      '&a ',
      '*a',
      '<<: ',
      '!!binary ',
      '|\n',
      '[',
      '{',
      '}',
      ']',
      '"',
      "'",
      '#',
      '\t',
      '\n',
      '\0',
      '\uFEFF',
      'apiVersion: v1\nkind: Service\n',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      readAll(pieces.join(''));
    }),
    { numRuns: 2000 },
  );
});

test('objects of any shape under the right name', () => {
  const header = fc.constantFrom(...KINDS);
  fc.assert(
    fc.property(header, fc.dictionary(anyName(), anyValue(4)), (kind, fields) => {
      readAll(stringify({ ...fields, ...headerOf(kind), metadata: fields['metadata'] ?? { name: 'x' } }));
    }),
    { numRuns: 500 },
  );
});

for (const kind of KINDS)
  test(`${kind.kind}: objects made from its schema, some fields of which are wrong`, () => {
    let valid = 0;
    fc.assert(
      fc.property(
        like(kind.schema, 0),
        fc.dictionary(anyName(), anyValue(1), { maxKeys: 1 }),
        (made, extra) => {
          const fields = { ...(made as object), ...extra };
          const value = { ...fields, ...headerOf(kind), metadata: { name: 'x' } };
          valid += readAll(stringify(value)) ? 1 : 0;
          readAll(JSON.stringify(value));
        },
      ),
      { numRuns: 150, seed: 1 },
    );
    // Or else the generator would only ever test refusals.
    assert.ok(valid > 0);
  });

/** Reads, assembles and locates; whether an object came of it. */
function readAll(text: string): boolean {
  const file = readManifestFile('x.yaml', text);
  const { resources, findings } = new ObjectTable().update([file]);
  const lines = file.text.split('\n');
  for (const { line = 1, column = 1 } of findings) {
    assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
    assert.ok(column >= 1 && column <= (lines[line - 1] ?? '').length + 1, `column ${column}`);
  }
  for (const object of file.objects) {
    const place = locateInFile(file, object, ['spec', 'rules', 0]);
    assert.ok(place.line >= object.line);
    // What was let through is valid still after completion.
    assert.deepEqual(validate(object.kind, structuredClone(object.value) as Record<string, unknown>), []);
  }
  const served = Object.values(resources).reduce((sum, list: readonly unknown[]) => sum + list.length, 0);
  assert.equal(served, file.objects.length);
  return served > 0;
}

function headerOf(kind: KindSchema): { apiVersion: string; kind: string } {
  return { apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`, kind: kind.kind };
}

function anyName(): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...NAMES), fc.string());
}

function anyValue(depth: number): fc.Arbitrary<unknown> {
  return fc.jsonValue({ maxDepth: depth });
}

/** Values that mostly fit a schema: right types and enums, patterns and rules by luck. */
function like(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const odd = { arbitrary: anyValue(1), weight: 1 };
  return fc.oneof({ arbitrary: fitting(schema, depth), weight: 100 }, odd);
}

function fitting(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string':
      return fittingString(schema);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 70_000, 70_000) });
    case 'array':
      return fc.array(like(schema.items ?? {}, depth + 1), {
        maxLength: depth > 6 ? 1 : 2,
        minLength: schema.minItems ?? 0,
      });
    default:
      return fittingObject(schema, depth);
  }
}

function fittingString({ pattern = '', minLength = 0 }: Schema): fc.Arbitrary<string> {
  const words = ['a', 'b', '/a', '10.0.0.1', 'a.b/c', '', '1s', 'http', 'IPAddress'];
  const fit = words.filter((word) => word.length >= minLength && new RegExp(pattern).test(word));
  return fc.constantFrom(...(fit.length > 0 ? fit : words));
}

function fittingObject(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.additionalProperties !== undefined)
    return fc.dictionary(anyName(), like(schema.additionalProperties, depth + 1), { maxKeys: 2 });
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => depth > 0 || name !== 'metadata');
  const model = Object.fromEntries(fields.map(([name, property]) => [name, like(property, depth + 1)]));
  return fc.record(model, { requiredKeys: (schema.required ?? []).filter((name) => name in model) });
}
