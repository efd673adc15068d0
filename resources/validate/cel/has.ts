// CEL allows has(E.f) for any expression E; the library only for E that is a name with fields (has(self.a.b), but not
// has(self.a[0].b)). The other form is rewritten to hasField(E, 'f'), a function of ours that means the same.
import type { ASTNode, Environment } from '@marcbachmann/cel-js';

export function registerHas(environment: Environment): void {
  environment.registerFunction('hasField(dyn, string): bool', (value: unknown, field: string) => {
    if (value === null || typeof value !== 'object')
      throw new Error(`no field ${field} on a ${typeof value}`);
    return Object.hasOwn(value, field);
  });
}

/** The rule with each has() that the library refuses rewritten. Throws when the rule does not parse. */
export function rewriteHas(environment: Environment, rule: string): string {
  for (;;) {
    const call = findRefused(environment.parse(rule).ast);
    if (call === undefined) return rule;
    const [base, field] = call.args;
    const source = rule.slice(base.start, base.end);
    rule = `${rule.slice(0, call.start)}hasField(${source}, '${field}')${rule.slice(call.end)}`;
  }
}

interface RefusedCall {
  readonly start: number;
  readonly end: number;
  readonly args: readonly [ASTNode, string];
}

function findRefused(node: unknown): RefusedCall | undefined {
  if (Array.isArray(node)) {
    for (const item of node) {
      const found = findRefused(item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isNode(node)) return undefined;
  if (node.op === 'call' && node.args[0] === 'has') {
    const target = node.args[1][0];
    if (target?.op === '.' && !endsInName(target))
      return { start: node.start, end: node.end, args: [target.args[0], target.args[1]] };
  }
  return findRefused(node.args);
}

function endsInName(node: ASTNode): boolean {
  let base = node;
  while (base.op === '.' || base.op === '.?') base = base.args[0];
  return base.op === 'id';
}

function isNode(value: unknown): value is ASTNode {
  return value !== null && typeof value === 'object' && 'op' in value && 'args' in value;
}
