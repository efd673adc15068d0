// Schemas -> the module that validation reads. Each CEL rule is compiled here first: one that cannot be checked stops
// the generator, unless EXCLUDED names it with its reason.
import { compileRule } from '../validate/cel/environment.ts';
import type { KindSchema, Schema, ValidationRule } from '../validate/schema.ts';

/** Rules that are left out: `Kind.path: rule` -> why. */
const EXCLUDED: Readonly<Record<string, string>> = {
  'GatewayClass.spec.controllerName: self == oldSelf':
    'a transition rule: in a directory a changed object is a new object, as if deleted and created',
};

const MARK = '<metadata>';
/** What a rule may carry. Another key (messageExpression, fieldPath, ...) would change its meaning if it were ignored. */
const RULE_KEYS = ['rule', 'message'];

/** Keywords that say nothing about validity. Any other that validation does not know is a type error in kinds.gen.ts. */
const DROPPED = [
  'description',
  'x-name',
  'x-kubernetes-group-version-kind',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
];

export interface ValidationModule {
  readonly text: string;
  /** How many rules are checked at run time. */
  readonly rules: number;
  /** `Kind.path: rule (reason)` of each rule that is not. */
  readonly excluded: readonly string[];
}

export function validationModule(
  kinds: readonly KindSchema[],
  known: readonly string[],
  header: string,
): ValidationModule {
  const excluded: string[] = [];
  let rules = 0;
  const prepared = kinds.map((kind) => {
    const { status: _status, ...properties } = kind.schema.properties ?? {};
    const schema = prepare({ ...kind.schema, properties }, kind.kind, (at, rule) => {
      const reason = EXCLUDED[`${at}: ${rule.rule}`];
      if (reason !== undefined) {
        excluded.push(`${at}: ${rule.rule} (${reason})`);
        return false;
      }
      compile(at, rule);
      rules++;
      return true;
    });
    return { ...kind, schema };
  });
  const served = new Set(kinds.map((kind) => `${kind.group}/${kind.kind}`));
  // All kinds share one metadata schema: it is written once.
  const metadata = print(prepared[0]?.schema.properties?.['metadata']);
  const kindsText = JSON.stringify(
    prepared,
    (key, value: unknown) => (key === 'metadata' && typeof value === 'object' ? MARK : value),
    1,
  ).replaceAll(JSON.stringify(MARK), 'METADATA');
  const text =
    `${header}//\n// CEL rules: ${rules} checked, ${excluded.length} left out:\n` +
    excluded.map((line) => `//   ${line}\n`).join('') +
    `import type { KindSchema, Schema } from './schema.ts';\n\n` +
    `const METADATA: Schema = ${metadata};\n\n` +
    `/** The kinds that Sluice serves. */\n` +
    `export const KINDS: readonly KindSchema[] = ${kindsText};\n\n` +
    `/** Kinds of Kubernetes and of the Gateway API that Sluice does not serve, as group/kind. */\n` +
    `export const OTHER_KINDS: readonly string[] = ${print(known.filter((name) => !served.has(name)))};\n`;
  return { text, rules, excluded };
}

/** Drops what only people read, and the rules that `keep` refuses. */
function prepare(schema: Schema, at: string, keep: (at: string, rule: ValidationRule) => boolean): Schema {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.includes(key)) continue;
    else if (key === 'properties')
      copy[key] = Object.fromEntries(
        Object.entries(value as Readonly<Record<string, Schema>>).map(([name, property]) => [
          name,
          prepare(property, `${at}.${name}`, keep),
        ]),
      );
    else if (key === 'items') copy[key] = prepare(value as Schema, `${at}[]`, keep);
    else if (key === 'additionalProperties') copy[key] = prepare(value as Schema, `${at}{}`, keep);
    else if (key === 'x-kubernetes-validations') {
      const kept = (value as readonly ValidationRule[]).filter((rule) => keep(at, rule));
      if (kept.length > 0) copy[key] = kept;
    } else copy[key] = value;
  }
  return copy;
}

function compile(at: string, rule: ValidationRule): void {
  const strange = Object.keys(rule).filter((key) => !RULE_KEYS.includes(key));
  if (strange.length > 0)
    throw new Error(`${at}: rule with ${strange.join(', ')}, which is not understood: ${rule.rule}`);
  try {
    compileRule(rule.rule);
  } catch (error) {
    throw new Error(
      `${at}: rule cannot be checked; extend validate/cel or name it in EXCLUDED: ${rule.rule}`,
      {
        cause: error,
      },
    );
  }
}

function print(value: unknown): string {
  return JSON.stringify(value, null, 1) ?? 'undefined';
}
