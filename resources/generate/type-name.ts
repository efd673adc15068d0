// Names of the interfaces that the CRDs leave nameless. A key is a path in a kind, [] for items; the names are those of
// the Gateway API's Go types, so that its documentation and ours speak of the same things.

const METADATA = ['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry', 'FieldsV1', 'Condition'];

/** Of HTTPRoutes and GRPCRoutes. */
const ROUTE_FILTER: Readonly<Record<string, string>> = {
  '': '+Filter',
  '.cors': 'HTTPCORSFilter',
  '.extensionRef': 'LocalObjectReference',
  '.requestHeaderModifier': 'HTTPHeaderFilter',
  '.requestHeaderModifier.add[]': 'HTTPHeader',
  '.requestHeaderModifier.set[]': 'HTTPHeader',
  '.responseHeaderModifier': 'HTTPHeaderFilter',
  '.responseHeaderModifier.add[]': 'HTTPHeader',
  '.responseHeaderModifier.set[]': 'HTTPHeader',
  '.requestMirror': 'HTTPRequestMirrorFilter',
  '.requestMirror.backendRef': 'BackendObjectReference',
  '.requestMirror.fraction': 'Fraction',
  '.requestRedirect': 'HTTPRequestRedirectFilter',
  '.requestRedirect.path': 'HTTPPathModifier',
  '.urlRewrite': 'HTTPURLRewriteFilter',
  '.urlRewrite.path': 'HTTPPathModifier',
};

const NAMES: Readonly<Record<string, string>> = {
  'GatewayClass.spec.parametersRef': 'ParametersReference',
  'GatewayClass.status.conditions[]': 'Condition',
  'GatewayClass.status.supportedFeatures[]': 'SupportedFeature',
  'Gateway.spec.addresses[]': 'GatewaySpecAddress',
  'Gateway.spec.allowedListeners': 'AllowedListeners',
  'Gateway.spec.allowedListeners.namespaces': 'ListenerNamespaces',
  'Gateway.spec.allowedListeners.namespaces.selector': 'LabelSelector',
  'Gateway.spec.allowedListeners.namespaces.selector.matchExpressions[]': 'LabelSelectorRequirement',
  'Gateway.spec.infrastructure': 'GatewayInfrastructure',
  'Gateway.spec.infrastructure.parametersRef': 'LocalParametersReference',
  'Gateway.spec.listeners[]': 'Listener',
  'Gateway.spec.listeners[].allowedRoutes': 'AllowedRoutes',
  'Gateway.spec.listeners[].allowedRoutes.kinds[]': 'RouteGroupKind',
  'Gateway.spec.listeners[].allowedRoutes.namespaces': 'RouteNamespaces',
  'Gateway.spec.listeners[].allowedRoutes.namespaces.selector': 'LabelSelector',
  'Gateway.spec.listeners[].allowedRoutes.namespaces.selector.matchExpressions[]': 'LabelSelectorRequirement',
  'Gateway.spec.listeners[].tls': 'ListenerTLSConfig',
  'Gateway.spec.listeners[].tls.certificateRefs[]': 'SecretObjectReference',
  'Gateway.spec.tls': 'GatewayTLSConfig',
  'Gateway.spec.tls.backend': 'GatewayBackendTLS',
  'Gateway.spec.tls.backend.clientCertificateRef': 'SecretObjectReference',
  'Gateway.spec.tls.frontend': 'FrontendTLSConfig',
  'Gateway.spec.tls.frontend.default': 'TLSConfig',
  'Gateway.spec.tls.frontend.default.validation': 'FrontendTLSValidation',
  'Gateway.spec.tls.frontend.default.validation.caCertificateRefs[]': 'ObjectReference',
  'Gateway.spec.tls.frontend.perPort[]': 'TLSPortConfig',
  'Gateway.spec.tls.frontend.perPort[].tls': 'TLSConfig',
  'Gateway.spec.tls.frontend.perPort[].tls.validation': 'FrontendTLSValidation',
  'Gateway.spec.tls.frontend.perPort[].tls.validation.caCertificateRefs[]': 'ObjectReference',
  'Gateway.status.addresses[]': 'GatewayStatusAddress',
  'Gateway.status.conditions[]': 'Condition',
  'Gateway.status.listeners[]': 'ListenerStatus',
  'Gateway.status.listeners[].conditions[]': 'Condition',
  'Gateway.status.listeners[].supportedKinds[]': 'RouteGroupKind',
  'BackendTLSPolicy.spec.targetRefs[]': 'LocalPolicyTargetReferenceWithSectionName',
  'BackendTLSPolicy.spec.validation': 'BackendTLSPolicyValidation',
  'BackendTLSPolicy.spec.validation.caCertificateRefs[]': 'LocalObjectReference',
  'BackendTLSPolicy.spec.validation.subjectAltNames[]': 'SubjectAltName',
  'BackendTLSPolicy.status.ancestors[]': 'PolicyAncestorStatus',
  'BackendTLSPolicy.status.ancestors[].ancestorRef': 'ParentReference',
  'BackendTLSPolicy.status.ancestors[].conditions[]': 'Condition',
  'GRPCRoute.spec.rules[].matches[].headers[]': 'GRPCHeaderMatch',
  'GRPCRoute.spec.rules[].matches[].method': 'GRPCMethodMatch',
  'HTTPRoute.spec.rules[].matches[].headers[]': 'HTTPHeaderMatch',
  'HTTPRoute.spec.rules[].matches[].path': 'HTTPPathMatch',
  'HTTPRoute.spec.rules[].matches[].queryParams[]': 'HTTPQueryParamMatch',
  'HTTPRoute.spec.rules[].timeouts': 'HTTPRouteTimeouts',
  'ReferenceGrant.spec.from[]': 'ReferenceGrantFrom',
  'ReferenceGrant.spec.to[]': 'ReferenceGrantTo',
};

/** What all Routes have in common; a name that starts with '+' follows the name of the kind. */
const ROUTE_NAMES: Readonly<Record<string, string>> = {
  '.spec.parentRefs[]': 'ParentReference',
  '.spec.rules[]': '+Rule',
  '.spec.rules[].backendRefs[]': 'BackendRef',
  '.spec.rules[].matches[]': '+Match',
  '.status.parents[]': 'RouteParentStatus',
  '.status.parents[].conditions[]': 'Condition',
  '.status.parents[].parentRef': 'ParentReference',
};

/** Shared by all kinds: written to meta.gen.ts. */
export function isMetadata(name: string): boolean {
  return METADATA.includes(name);
}

/** The name of the object type at `path` of `kind`, for example ('HTTPRoute', '.spec.rules[]') -> 'HTTPRouteRule'. */
export function typeName(kind: string, path: string): string {
  if (kind.endsWith('Route')) {
    const filter = /^\.spec\.rules\[\](?:\.backendRefs\[\])?\.filters\[\](.*)$/.exec(path);
    const name = filter === null ? ROUTE_NAMES[path] : ROUTE_FILTER[filter[1] ?? ''];
    if (name !== undefined) return name.replace('+', kind);
  }
  return NAMES[kind + path] ?? kind + pascal(path);
}

function pascal(path: string): string {
  return path
    .replaceAll('[]', '')
    .split('.')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
