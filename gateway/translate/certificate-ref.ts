// References of Gateways to Secrets that hold a certificate and its key (Listener.tls.certificateRefs and
// GatewayBackendTLS.clientCertificateRef).
import type { Gateway, SecretObjectReference } from '#resources/type/gateway.gen';
import type { Secret } from '#resources/type/secret.gen';
import { readKeyPair, type KeyPair } from '../certificate/key-pair.ts';
import type { TranslateContext } from './context.ts';
import { mayRefer } from './reference-grant.ts';
import type { Refusal } from './status.ts';

/** Reading costs a fraction of a millisecond each, and Secrets seldom change. */
const read = new WeakMap<Secret, KeyPair>();

export interface ResolvedCertificate {
  /** Its name in the Snapshot; undefined when there is nothing to show. */
  readonly name: string | undefined;
  readonly pair: KeyPair | undefined;
  /** For the condition ResolvedRefs; reported already. */
  readonly refusal: Refusal | undefined;
}

/**
 * A pair that cannot be read, or whose halves do not fit, is refused and yet named in the Snapshot: a data plane that has
 * its last good content goes on with that, so that a bad renewal takes nothing down. `reason` is for all but missing grants.
 */
export function resolveCertificate(
  gateway: Gateway,
  ref: SecretObjectReference,
  field: string,
  reason: 'InvalidCertificateRef' | 'InvalidClientCertificateRef',
  context: TranslateContext,
): ResolvedCertificate {
  const { group, kind, name } = ref;
  const namespace = ref.namespace ?? gateway.metadata.namespace;
  const refuse = (place: string, message: string, mend?: string): ResolvedCertificate => {
    const at = { field: `${field}${place}`, message, ...(mend === undefined ? {} : { mend }) };
    context.report('SLU0222', gateway, at);
    return { name: undefined, pair: undefined, refusal: { reason, message: `${at.field}: ${message}` } };
  };
  if (group !== '' || kind !== 'Secret')
    return refuse(
      '.kind',
      `${kind}${group === '' ? '' : ` of group ${group}`} is not served as a certificate`,
    );
  // Before looking: whether a Secret exists elsewhere is nobody's business without a grant.
  if (!mayRefer(gateway, { group, kind, namespace, name }, context)) {
    const message = `no ReferenceGrant in namespace ${namespace} lets Gateways of ${gateway.metadata.namespace} refer to Secret ${name}`;
    context.report('SLU0223', gateway, { field: `${field}.namespace`, message });
    const refusal = { reason: 'RefNotPermitted', message: `${field}: ${message}` };
    return { name: undefined, pair: undefined, refusal };
  }
  const secret = context.index.secret(namespace, name);
  if (secret === undefined) return refuse('.name', `there is no Secret ${namespace}/${name}`);
  const { 'tls.crt': certificates, 'tls.key': key } = secret.data ?? {};
  if (certificates === undefined || key === undefined)
    return refuse('.name', `Secret ${namespace}/${name} has no tls.crt or no tls.key`);
  const pair = read.get(secret) ?? readKeyPair(decode(certificates), decode(key));
  read.set(secret, pair);
  const { problem } = pair;
  const named = `${namespace}/${name}`;
  if (problem?.weak !== true)
    context.certificates.set(named, { name: named, chain: pair.chain, key: pair.key });
  if (problem === undefined) return { name: named, pair, refusal: undefined };
  const refused = refuse('.name', `Secret ${named}: ${problem.message}`, problem.mend);
  return { ...refused, name: problem.weak ? undefined : named };
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}
