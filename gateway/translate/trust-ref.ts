// References to CA certificates: whom to trust (FrontendTLSValidation and BackendTLSPolicyValidation .caCertificateRefs).
import type { BackendTLSPolicy } from '#resources/type/backend-tls-policy.gen';
import type { ConfigMap } from '#resources/type/config-map.gen';
import type { Gateway } from '#resources/type/gateway.gen';
import type { Secret } from '#resources/type/secret.gen';
import { readPemCertificates, type PemCertificates } from '../certificate/pem.ts';
import type { TranslateContext } from './context.ts';
import { mayRefer } from './reference-grant.ts';
import type { Refusal } from './status.ts';

const KEY = 'ca.crt';
const read = new WeakMap<ConfigMap | Secret, PemCertificates>();

interface TrustRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface ResolvedRoots {
  /** PEM, of all references that are valid; '' when none is. */
  readonly roots: string;
  /** Of the references that are not; reported already. */
  readonly refusals: readonly Refusal[];
}

/** `field` is the path of the list; `kindReason` is for kinds that are not served. */
export function resolveRoots(
  from: Gateway | BackendTLSPolicy,
  refs: readonly TrustRef[],
  field: string,
  kindReason: 'InvalidCACertificateKind' | 'InvalidKind',
  context: TranslateContext,
): ResolvedRoots {
  const resolved = refs.map((ref, index) => resolve(from, ref, `${field}[${index}]`, kindReason, context));
  return {
    roots: resolved.map((one) => ('roots' in one ? one.roots : '')).join(''),
    refusals: resolved.flatMap((one) => ('roots' in one ? [] : [one])),
  };
}

function resolve(
  from: Gateway | BackendTLSPolicy,
  { group, kind, name, namespace = from.metadata.namespace }: TrustRef,
  field: string,
  kindReason: string,
  context: TranslateContext,
): { roots: string } | Refusal {
  const refuse = (reason: string, place: string, message: string): Refusal => {
    context.report('SLU0225', from, { field: `${field}.${place}`, message });
    return { reason, message: `${field}: ${message}` };
  };
  if (group !== '' || (kind !== 'ConfigMap' && kind !== 'Secret')) {
    const what = `${kind}${group === '' ? '' : ` of group ${group}`}`;
    return refuse(kindReason, 'kind', `${what} is not served as CA certificates`);
  }
  if (!mayRefer(from, { group, kind, namespace, name }, context)) {
    const message = `no ReferenceGrant in namespace ${namespace} lets ${from.kind}s of ${from.metadata.namespace} refer to ${kind} ${name}`;
    context.report('SLU0223', from, { field: `${field}.namespace`, message });
    return { reason: 'RefNotPermitted', message: `${field}: ${message}` };
  }
  const object =
    kind === 'ConfigMap' ? context.index.configMap(namespace, name) : context.index.secret(namespace, name);
  const refuseRef = (message: string): Refusal => refuse('InvalidCACertificateRef', 'name', message);
  if (object === undefined) return refuseRef(`there is no ${kind} ${namespace}/${name}`);
  const text = textOf(object);
  if (text === undefined) return refuseRef(`${kind} ${namespace}/${name} has no key ${KEY}`);
  const bundle = read.get(object) ?? readPemCertificates(text);
  read.set(object, bundle);
  return bundle.problem === undefined
    ? { roots: bundle.text }
    : refuseRef(`${kind} ${namespace}/${name}: ${KEY}: ${bundle.problem}`);
}

function textOf(object: ConfigMap | Secret): string | undefined {
  if (object.kind === 'ConfigMap' && object.data?.[KEY] !== undefined) return object.data[KEY];
  const base64 = object.kind === 'ConfigMap' ? object.binaryData?.[KEY] : object.data?.[KEY];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('latin1');
}
