// CEL as the API server offers it to CRDs: the language, and Kubernetes' own functions.
// https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries
import { Environment } from '@marcbachmann/cel-js';
import { registerAddresses } from './address.ts';
import { registerHas, rewriteHas } from './has.ts';
import { registerLists } from './list.ts';
import { registerQuantities } from './quantity.ts';
import { registerStrings } from './string.ts';
import { registerUrls } from './url.ts';

/** A rule ready to run. Throws what CEL calls an error: a missing key, a wrong type. */
export type CompiledRule = (self: unknown) => unknown;

const compiled = new Map<string, CompiledRule>();
let environment: Environment | undefined;

/** Throws when the rule does not parse, uses something unknown (oldSelf among it), or does not yield a bool. */
export function compileRule(rule: string): CompiledRule {
  const known = compiled.get(rule);
  if (known !== undefined) return known;
  environment ??= openEnvironment();
  const program = environment.parse(rewriteHas(environment, rewriteFlags(rule)));
  const checked = program.check();
  if (!checked.valid) throw checked.error ?? new Error(`rule does not check: ${rule}`);
  if (checked.type !== 'bool' && checked.type !== 'dyn')
    throw new Error(`rule yields ${checked.type}: ${rule}`);
  const run: CompiledRule = (self) => program({ self });
  compiled.set(rule, run);
  return run;
}

/** RE2 sets a flag for the rest of a pattern, JavaScript for a group: '^(?i)a$' becomes '^(?i:a)$'. */
function rewriteFlags(rule: string): string {
  return rule.replaceAll(/\^\(\?i\)(.*?)\$(?=["'])/g, '^(?i:$1)$');
}

function openEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true }).registerVariable('self', 'dyn');
  registerAddresses(environment);
  registerHas(environment);
  registerLists(environment);
  registerQuantities(environment);
  registerStrings(environment);
  registerUrls(environment);
  return environment;
}
