// Schemas -> TypeScript interfaces. A field with a default is not optional: what the sources hand out has been defaulted.
import type { KindSchema } from '../validate/schema.ts';
import type { NamedSchema } from './schema.ts';
import { isMetadata, typeName } from './type-name.ts';

const WIDTH = 110;
/** Set by every source (the API server, or the directory source in its stead). */
const ALWAYS_SET = ['name', 'creationTimestamp', 'generation'];

interface Interface {
  readonly name: string;
  readonly description: string | undefined;
  readonly body: string;
}

/** The text of `<kind>.gen.ts`, and the interfaces it uses that belong into meta.gen.ts. */
export interface KindInterfaces {
  readonly text: string;
  readonly metadata: ReadonlyMap<string, string>;
}

export function kindInterfaces(kind: KindSchema, header: string): KindInterfaces {
  const found = new Map<string, Interface>();
  visit(kind.schema, kind, '', found);
  const all = [...found.values()].reverse();
  const own = all.filter((item) => !isMetadata(item.name));
  const metadata = new Map(
    all.filter((item) => isMetadata(item.name)).map((item) => [item.name, print(item)]),
  );
  const body = own.map(print).join('\n');
  const imports = ['Condition', 'NamespacedObjectMeta', 'ObjectMeta'].filter((name) =>
    new RegExp(`\\b${name}\\b`).test(body),
  );
  return {
    text: `${header}import type { ${imports.join(', ')} } from './meta.gen.ts';\n\n${body}`,
    metadata,
  };
}

/** The text of meta.gen.ts from the parts that all kinds share. */
export function metadataInterfaces(parts: ReadonlyMap<string, string>, header: string): string {
  const namespaced =
    '/** Metadata of an object that lives in a namespace. */\n' +
    'export interface NamespacedObjectMeta extends ObjectMeta {\n  readonly namespace: string;\n}\n';
  return [
    header +
      [...parts.keys()]
        .sort()
        .map((name) => parts.get(name) ?? '')
        .join('\n'),
    namespaced,
  ].join('\n');
}

/** The TypeScript type of a schema node; object types are added to `found`. */
function visit(schema: NamedSchema, kind: KindSchema, path: string, found: Map<string, Interface>): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'number | string';
  if (schema.enum !== undefined) return schema.enum.map((value) => quote(value)).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array': {
      const item = visit(schema.items ?? {}, kind, `${path}[]`, found);
      return `readonly ${/[ |]/.test(item) ? `(${item})` : item}[]`;
    }
    default:
      return visitObject(schema, kind, path, found);
  }
}

function visitObject(
  schema: NamedSchema,
  kind: KindSchema,
  path: string,
  found: Map<string, Interface>,
): string {
  if (schema.additionalProperties !== undefined)
    return `Readonly<Record<string, ${visit(schema.additionalProperties, kind, `${path}{}`, found)}>>`;
  if (schema.properties === undefined) return 'Readonly<Record<string, unknown>>';
  const name = schema['x-name'] ?? typeName(kind.kind, path);
  const fields = Object.entries(schema.properties).map(([key, value]) => {
    const literal = path === '' ? rootType(kind, key) : undefined;
    // Visited in any case: what a literal type stands for is found on the way.
    const type = visit(value, kind, `${path}.${key}`, found);
    // `status` is never read from a directory, so its default does not make it present.
    const present =
      schema.required?.includes(key) === true ||
      value.default !== undefined ||
      (name === 'ObjectMeta' && ALWAYS_SET.includes(key));
    const mark = present && !(path === '' && key === 'status') ? '' : '?';
    return `${doc(literal === undefined ? value.description : '', '  ')}  readonly ${key}${mark}: ${literal ?? type};\n`;
  });
  const body = fields.join('');
  const known = found.get(name);
  if (known !== undefined && undocumented(known.body) !== undocumented(body))
    throw new Error(
      `two different shapes are called ${name}; one is ${kind.kind}${path}: name them in type-name.ts`,
    );
  // Insertion order is innermost first; a shared shape keeps the first.
  if (known === undefined) found.set(name, { name, description: schema.description, body });
  return name;
}

function rootType(kind: KindSchema, key: string): string | undefined {
  if (key === 'apiVersion') return quote([kind.group, kind.versions[0]].filter(Boolean).join('/'));
  if (key === 'kind') return quote(kind.kind);
  if (key === 'metadata') return kind.namespaced ? 'NamespacedObjectMeta' : 'ObjectMeta';
  return undefined;
}

function print(item: Interface): string {
  return `${doc(item.description, '')}export interface ${item.name} {\n${item.body}}\n`;
}

function doc(text: string | undefined, indent: string): string {
  if (text === undefined || text === '') return '';
  const safe = text.replaceAll('*/', '*\\/');
  const line = `${indent}/** ${safe} */\n`;
  if (line.length <= WIDTH + 1) return line;
  const lines: string[] = [];
  let current = '';
  for (const word of safe.split(' ')) {
    if (current.length + word.length + indent.length + 4 > WIDTH) {
      lines.push(current.trimEnd());
      current = '';
    }
    current += `${word} `;
  }
  lines.push(current.trimEnd());
  return `${indent}/**\n${lines.map((part) => `${indent} * ${part}\n`).join('')}${indent} */\n`;
}

function undocumented(body: string): string {
  return body.replaceAll(/\/\*\*[\s\S]*?\*\//g, '').replaceAll(/\s+/g, ' ');
}

function quote(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value}'`;
}
