// GatewayClasses that name our controller.
import type { GatewayClass } from '#resources/type/gateway-class.gen';
import type { TranslateContext } from './context.ts';
import { conditionsFor, type GatewayClassObjectStatus } from './status.ts';

/** Features of the conformance suite (sigs.k8s.io/gateway-api/pkg/features) that are served, in alphabetical order. */
const SUPPORTED_FEATURES: readonly string[] = [
  'BackendTLSPolicy',
  'BackendTLSPolicySANValidation',
  'GRPCRoute',
  'GRPCRouteNamedRouteRule',
  'Gateway',
  'GatewayFrontendClientCertificateValidation',
  'GatewayFrontendClientCertificateValidationInsecureFallback',
  'GatewayHTTPListenerIsolation',
  'GatewayPort8080',
  'HTTPRoute',
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteBackendProtocolH2C',
  'HTTPRouteBackendProtocolWebSocket',
  'HTTPRouteBackendRequestHeaderModification',
  'HTTPRouteDestinationPortMatching',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRouteNamedRouteRule',
  'HTTPRouteParentRefPort',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteSchemeRedirect',
  'Mesh',
  'MeshClusterIPMatching',
  'MeshHTTPRouteBackendRequestHeaderModification',
  'MeshHTTPRouteNamedRouteRule',
  'MeshHTTPRouteQueryParamMatching',
  'MeshHTTPRouteRedirectPath',
  'MeshHTTPRouteRedirectPort',
  'MeshHTTPRouteRewritePath',
  'MeshHTTPRouteSchemeRedirect',
  'ReferenceGrant',
  'TCPRoute',
  'TLSRoute',
  'TLSRouteModeMixed',
  'TLSRouteModeTerminate',
  'UDPRoute',
];

export interface Classes {
  /** Names of the classes whose Gateways are ours, and whether the class is accepted. */
  readonly ours: ReadonlyMap<string, boolean>;
  readonly statuses: readonly GatewayClassObjectStatus[];
}

/** `impliedClass`: a name that counts as ours when no GatewayClass of that name exists (standalone mode). */
export function acceptClasses(
  classes: readonly GatewayClass[],
  impliedClass: string | undefined,
  context: TranslateContext,
): Classes {
  const ours = new Map<string, boolean>();
  const statuses: GatewayClassObjectStatus[] = [];
  for (const one of classes) {
    if (one.spec.controllerName !== context.controllerName) continue;
    const conditions = conditionsFor(one);
    const { parametersRef } = one.spec;
    if (parametersRef !== undefined) {
      context.report('SLU0202', one, {
        field: 'spec.parametersRef',
        message: `parameters of kind ${parametersRef.kind} are not served`,
      });
    }
    ours.set(one.metadata.name, parametersRef === undefined);
    const accepted =
      parametersRef === undefined
        ? conditions.holds('Accepted', 'Accepted')
        : conditions.fails('Accepted', {
            reason: 'InvalidParameters',
            message: `parametersRef names a ${parametersRef.kind}, which is not served`,
          });
    const supportedFeatures = SUPPORTED_FEATURES.map((name) => ({ name }));
    statuses.push({
      kind: 'GatewayClass',
      name: one.metadata.name,
      status: { conditions: [accepted], supportedFeatures },
    });
  }
  if (impliedClass !== undefined && context.index.gatewayClass(impliedClass) === undefined) {
    ours.set(impliedClass, true);
  }
  return { ours, statuses };
}
