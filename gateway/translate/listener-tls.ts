// What a listener does with TLS: its certificates, and what it asks of clients (Listener.tls and Gateway.spec.tls.frontend).
//
// A listener without any certificate to show stays in the Snapshot and refuses every handshake: were it left out, one with a
// wider hostname would take its names.
import type {
  FrontendTLSValidation,
  Gateway,
  Listener as ListenerSpec,
  ListenerTLSConfig,
} from '#resources/type/gateway.gen';
import type { ListenerTls } from '../model/snapshot.ts';
import { resolveCertificate, type ResolvedCertificate } from './certificate-ref.ts';
import type { TranslateContext } from './context.ts';
import type { Refusal } from './status.ts';
import { resolveRoots } from './trust-ref.ts';

export interface TranslatedTls {
  readonly tls?: ListenerTls;
  /** For the condition ResolvedRefs. */
  readonly unresolved?: Refusal;
  /** Why the listener is not accepted: it asks for client certificates, and trusts nobody. */
  readonly refusal?: Refusal;
  /** Why it is accepted and yet refuses every handshake. */
  readonly unusable?: Refusal;
}

interface FrontendValidation {
  readonly validation: FrontendTLSValidation;
  readonly field: string;
}

/** `field` is the path of the listener in its Gateway. */
export function translateListenerTls(
  gateway: Gateway,
  spec: ListenerSpec,
  field: string,
  context: TranslateContext,
): TranslatedTls {
  if (spec.protocol !== 'HTTPS' && spec.protocol !== 'TLS') return {};
  const { tls } = spec;
  if (tls?.options !== undefined) {
    context.report('SLU0207', gateway, {
      field: `${field}.tls.options`,
      message: `options of TLS are not served: ${Object.keys(tls.options).join(', ')}`,
    });
  }
  if (tls?.mode === 'Passthrough') {
    if ((tls.certificateRefs ?? []).length > 0)
      context.report('SLU0207', gateway, {
        field: `${field}.tls.certificateRefs`,
        message: 'in mode Passthrough no certificate is shown',
      });
    return { tls: { mode: 'passthrough', certificates: [] } };
  }
  const { certificates, refusals } = listCertificates(gateway, spec, tls, field, context);
  const usable = certificates.filter(({ refusal }) => refusal === undefined);
  reportDoubts(gateway, spec, certificates, field, context);
  const clients = translateClients(gateway, spec, context);
  const unresolved = refusals[0] ?? clients.refusals[0];
  const distrusts = clients.clients?.roots === '';
  return {
    tls: {
      mode: 'terminate',
      certificates: distrusts ? [] : [...new Set(certificates.flatMap(({ name }) => name ?? []))],
      ...(clients.clients === undefined ? {} : { clients: clients.clients }),
    },
    ...(unresolved === undefined
      ? {}
      : {
          unresolved: {
            reason: unresolved.reason,
            message: [...refusals, ...clients.refusals].map(({ message }) => message).join('; '),
          },
        }),
    ...(distrusts
      ? {
          refusal: {
            reason: 'NoValidCACertificate',
            message: clients.refusals.map(({ message }) => message).join('; '),
          },
        }
      : {}),
    ...(usable.length > 0
      ? {}
      : { unusable: { reason: 'Invalid', message: 'none of its certificates can be used' } }),
  };
}

function listCertificates(
  gateway: Gateway,
  spec: ListenerSpec,
  tls: ListenerTLSConfig | undefined,
  field: string,
  context: TranslateContext,
): { certificates: readonly ResolvedCertificate[]; refusals: readonly Refusal[] } {
  const refs = tls?.certificateRefs ?? [];
  const certificates = refs.map((ref, index) => {
    const place = `${field}.tls.certificateRefs[${index}]`;
    return resolveCertificate(gateway, ref, place, 'InvalidCertificateRef', context);
  });
  if (refs.length > 0)
    return { certificates, refusals: certificates.flatMap(({ refusal }) => refusal ?? []) };
  const message = `a listener of protocol ${spec.protocol} needs a certificate`;
  const place = tls === undefined ? field : `${field}.tls`;
  context.report('SLU0222', gateway, { field: place, message, mend: 'add tls.certificateRefs' });
  return {
    certificates,
    refusals: [{ reason: 'InvalidCertificateRef', message: `${place}: ${message}` }],
  };
}

/** What works and will be refused by clients all the same. */
function reportDoubts(
  gateway: Gateway,
  { hostname }: ListenerSpec,
  certificates: readonly ResolvedCertificate[],
  field: string,
  context: TranslateContext,
): void {
  const { now } = context;
  const usable = certificates.filter(({ refusal }) => refusal === undefined);
  for (const [index, { name, pair, refusal }] of certificates.entries()) {
    if (now === undefined || pair === undefined || refusal !== undefined) continue;
    const at = `${field}.tls.certificateRefs[${index}]`;
    const { notBefore, notAfter } = pair;
    if (notBefore <= now && now < notAfter) continue;
    const message =
      now < notBefore
        ? `the certificate of Secret ${name ?? ''} is valid from ${new Date(notBefore).toISOString()} on`
        : `the certificate of Secret ${name ?? ''} has expired at ${new Date(notAfter).toISOString()}`;
    context.report('SLU0224', gateway, { field: at, message, mend: 'renew it' });
  }
  if (hostname === undefined || usable.length === 0) return;
  if (usable.some(({ pair }) => pair?.covers(hostname.toLowerCase()) === true)) return;
  context.report('SLU0224', gateway, {
    field: `${field}.tls.certificateRefs`,
    message: `no certificate is for hostname ${hostname}`,
    mend: 'refer to one whose subjectAltName has it',
  });
}

function translateClients(
  gateway: Gateway,
  { protocol, port }: ListenerSpec,
  context: TranslateContext,
): { clients: ListenerTls['clients']; refusals: readonly Refusal[] } {
  const found = protocol === 'HTTPS' ? findValidation(gateway, port) : undefined;
  if (found === undefined) return { clients: undefined, refusals: [] };
  const { validation, field } = found;
  const { roots, refusals } = resolveRoots(
    gateway,
    validation.caCertificateRefs,
    `${field}.validation.caCertificateRefs`,
    'InvalidCACertificateKind',
    context,
  );
  return { clients: { roots, required: validation.mode !== 'AllowInsecureFallback' }, refusals };
}

/** A port's own configuration replaces the default as a whole. */
function findValidation({ spec }: Gateway, port: number): FrontendValidation | undefined {
  const frontend = spec.tls?.frontend;
  const index = (frontend?.perPort ?? []).findIndex((one) => one.port === port);
  const own = frontend?.perPort?.[index]?.tls;
  const validation = (own ?? frontend?.default)?.validation;
  const field = own === undefined ? 'spec.tls.frontend.default' : `spec.tls.frontend.perPort[${index}].tls`;
  return validation === undefined ? undefined : { validation, field };
}

/** Whether any client is let in without a valid certificate (GatewayConditionInsecureFrontendValidationMode). */
export function fallsBackInsecurely({ spec }: Gateway): boolean {
  const frontend = spec.tls?.frontend;
  const all = [frontend?.default, ...(frontend?.perPort ?? []).map(({ tls }) => tls)];
  return all.some((one) => one?.validation?.mode === 'AllowInsecureFallback');
}
