// One object against its kind, in the API server's order: fields and defaults, shape, metadata, then rules across fields.
import { complete } from './complete.ts';
import { conform } from './conform.ts';
import { checkMetadata } from './metadata.ts';
import type { Problem } from './problem.ts';
import { checkRules } from './rule.ts';
import type { KindSchema } from './schema.ts';
import { checkShape } from './shape.ts';

/** More than this of one object helps nobody. */
const MAX_PROBLEMS = 25;

/**
 * Changes `value` in place into what the API server would store: defaults filled in, nulls and `status` dropped. Empty
 * when the object is valid. Never throws on any JSON value.
 */
export function validate(kind: KindSchema, value: Record<string, unknown>): readonly Problem[] {
  // Controllers write status; the API server ignores what users write there.
  delete value['status'];
  const problems: Problem[] = [];
  conform(kind.schema, value, [], problems);
  const shape = checkShape(kind, value, kind.kind === 'Secret');
  problems.push(...shape);
  const metadata = value['metadata'];
  if (!shape.some((problem) => problem.path[0] === 'metadata') && metadata !== undefined)
    problems.push(...checkMetadata(kind, metadata as Record<string, unknown>));
  // Rules count on the shape: on a wrong one they would only repeat it in worse words.
  if (shape.length === 0) {
    complete(kind, value);
    problems.push(...checkRules(kind.schema, value));
  }
  return problems.slice(0, MAX_PROBLEMS);
}
