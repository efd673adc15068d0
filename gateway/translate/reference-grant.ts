// ReferenceGrants: a namespace's owner lets objects of another namespace refer to its own (GEP-709).
import type { HTTPRoute } from '#resources/type/http-route.gen';
import type { TranslateContext } from './context.ts';

/** Whether a Route may send to a Service in `namespace`: always in its own, elsewhere only if a grant there says so. */
export function mayReferToService(
  route: HTTPRoute,
  namespace: string,
  name: string,
  context: TranslateContext,
): boolean {
  const from = route.metadata.namespace;
  if (from === namespace) return true;
  return context.index.referenceGrants(namespace).some(
    ({ spec }) =>
      spec.from.some(
        (source) =>
          source.group === 'gateway.networking.k8s.io' &&
          source.kind === 'HTTPRoute' &&
          source.namespace === from,
      ) &&
      spec.to.some(
        // No name, or an empty one, grants all objects of the kind.
        (target) =>
          target.group === '' && target.kind === 'Service' && (!target.name || target.name === name),
      ),
  );
}
