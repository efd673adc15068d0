// ReferenceGrants: a namespace's owner lets objects of another namespace refer to its own (GEP-709).
import type { ResourceObject } from '#resources/store/resources';
import type { TranslateContext } from './context.ts';
import { GATEWAY_GROUP } from './route-object.ts';

/** What is referred to. */
export interface Referent {
  /** '' for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whether an object of the Gateway API may refer: always in its own namespace, elsewhere only if a grant there says so. */
export function mayRefer(from: ResourceObject, to: Referent, context: TranslateContext): boolean {
  if (from.metadata.namespace === to.namespace) return true;
  return context.index.referenceGrants(to.namespace).some(
    ({ spec }) =>
      spec.from.some(
        (source) =>
          source.group === GATEWAY_GROUP &&
          source.kind === from.kind &&
          source.namespace === from.metadata.namespace,
      ) &&
      spec.to.some(
        // No name, or an empty one, grants all objects of the kind.
        (target) =>
          target.group === to.group && target.kind === to.kind && (!target.name || target.name === to.name),
      ),
  );
}
