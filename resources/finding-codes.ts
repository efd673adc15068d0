// Every finding that users can meet, in one table: level, title and mend. docs/reference/findings.md is made from it.
// SLU01xx reading and validating, SLU02xx references and translation, SLU03xx environment and run time.

export type FindingLevel = 'error' | 'warning' | 'info';

export interface FindingText {
  readonly level: FindingLevel;
  /** What is wrong, in general. */
  readonly title: string;
  /** What to do, in general; a Finding may say it more precisely. */
  readonly mend: string;
}

export type FindingCode =
  | 'SLU0101'
  | 'SLU0102'
  | 'SLU0103'
  | 'SLU0104'
  | 'SLU0105'
  | 'SLU0106'
  | 'SLU0107'
  | 'SLU0108'
  | 'SLU0109'
  | 'SLU0110'
  | 'SLU0111'
  | 'SLU0112'
  | 'SLU0113'
  | 'SLU0114'
  | 'SLU0115'
  | 'SLU0116'
  | 'SLU0117'
  | 'SLU0118'
  | 'SLU0201'
  | 'SLU0202'
  | 'SLU0203'
  | 'SLU0204'
  | 'SLU0205'
  | 'SLU0206'
  | 'SLU0207'
  | 'SLU0208'
  | 'SLU0209'
  | 'SLU0210'
  | 'SLU0211'
  | 'SLU0212'
  | 'SLU0213'
  | 'SLU0214'
  | 'SLU0215'
  | 'SLU0216'
  | 'SLU0217'
  | 'SLU0218'
  | 'SLU0219'
  | 'SLU0220'
  | 'SLU0221'
  | 'SLU0222'
  | 'SLU0223'
  | 'SLU0224'
  | 'SLU0225'
  | 'SLU0226'
  | 'SLU0227'
  | 'SLU0228'
  | 'SLU0229'
  | 'SLU0230'
  | 'SLU0231'
  | 'SLU0301'
  | 'SLU0302'
  | 'SLU0303';
// SLU03xx: agent adds its codes here.

export const FINDING_CODES: Readonly<Record<FindingCode, FindingText>> = {
  SLU0101: error('the file is not valid YAML or JSON', 'mend the syntax at this place'),
  SLU0102: error('not a Kubernetes object', 'give it apiVersion, kind and metadata.name'),
  SLU0103: error('a field has a value that is not allowed', 'write a value that the field allows'),
  SLU0104: error('a field that the kind does not have', 'correct the name or remove the field'),
  SLU0105: error('a required field is missing', 'add the field'),
  SLU0106: error('a rule of the API does not hold', 'change the fields that the rule names'),
  SLU0107: error('an unknown kind', 'write one of the kinds served'),
  SLU0108: warning(
    'a kind of Kubernetes that is not served; it is ignored',
    'nothing, or remove it from the directory',
  ),
  SLU0109: error('an API version that is not served', 'write one of the versions served'),
  SLU0110: error('the same object stands in two places; one of them is served', 'remove one of them'),
  SLU0111: error(
    'a name, label or annotation that the API does not allow',
    'write a name that the API allows',
  ),
  SLU0112: error('two items of a list have the same key', 'remove one of them'),
  SLU0113: error('the file cannot be read', 'make the file readable for this process'),
  SLU0114: warning('the last good content of the file goes on being served', 'mend the errors of the file'),
  SLU0115: error(
    'the directory cannot be read; its last state goes on being served',
    'restore the directory',
  ),
  SLU0116: warning('the directory holds no manifest', 'put *.yaml, *.yml or *.json files into it'),
  SLU0117: warning('a plain word that kubectl reads as a boolean', 'put it in quotes'),
  SLU0118: warning(
    'the system grants no more file watches; changes are found by looking every second',
    'raise fs.inotify.max_user_watches or fs.inotify.max_user_instances',
  ),

  // Gateways, Routes and what they refer to.
  SLU0201: warning(
    'a Gateway names a GatewayClass that does not exist; the Gateway is not served',
    'create the GatewayClass or correct the name',
  ),
  SLU0202: error('parameters that are not served; what carries them is not accepted', 'remove parametersRef'),
  SLU0203: error(
    'an address that the Gateway cannot be bound to; the Gateway is not served',
    'remove spec.addresses; choose the address with --bind',
  ),
  SLU0204: error('a listener of a protocol that is not served', 'use protocol HTTP, HTTPS, TLS, TCP or UDP'),
  SLU0205: error(
    'listeners that exclude each other on one port; none, or only that of the older Gateway, is served',
    'give each its own port, or where the protocol has hostnames its own hostname',
  ),
  SLU0206: error(
    'a listener allows a kind of Route that is not served',
    'allow the kinds that its protocol takes: HTTPRoute and GRPCRoute, TLSRoute, TCPRoute or UDPRoute',
  ),
  SLU0207: warning('a setting that is not served; it is ignored', 'remove it'),
  SLU0208: error('a parentRef that names nothing that Routes can be attached to', 'correct the parentRef'),
  SLU0209: error(
    'the parent does not let the Route in',
    'widen allowedRoutes of the listener, or move the Route',
  ),
  SLU0210: error(
    'Route and listener have no hostname in common',
    'correct the hostnames of the one or the other',
  ),
  SLU0211: error('a filter that is not served; the rule answers 500', 'remove the filter'),
  SLU0212: error('a filter with a value that is not allowed; the rule answers 500', 'correct the value'),
  SLU0213: error('filters that exclude each other; the rule answers 500', 'keep one of them'),
  SLU0214: error(
    'a regular expression that is not served; the match matches nothing',
    'write it in the syntax of RE2, or match by Exact or PathPrefix',
  ),
  SLU0215: error(
    'a backendRef to something that is not served; its share of requests gets 500',
    'refer to a Service',
  ),
  SLU0216: error(
    'a backendRef to a Service or port that does not exist; its share of requests gets 500',
    'create it or correct the reference',
  ),
  SLU0217: error(
    'a backendRef to another namespace that does not grant it; its share of requests gets 500',
    'add a ReferenceGrant in the namespace of the Service',
  ),
  SLU0218: error(
    'a backendRef to a port that speaks a protocol that is not served; its share of requests gets 500',
    'name a port that speaks what the Route needs, or correct its appProtocol',
  ),
  SLU0219: warning(
    'a Service without ready endpoints; requests for it get 503',
    'look at its EndpointSlices',
  ),
  SLU0220: warning(
    'an EndpointSlice that does not fit its Service; it is not used',
    'correct the EndpointSlice',
  ),
  SLU0221: warning(
    'a rule that sends its requests nowhere; it answers 500',
    'give it a backendRef with a weight above 0',
  ),

  // TLS, and what belongs to connections.
  SLU0222: error(
    'a reference to a certificate that cannot be used; the listener, or the Gateway, does without it',
    'refer to a Secret of type kubernetes.io/tls with a certificate and its key',
  ),
  SLU0223: error(
    'a reference of a Gateway to another namespace that does not grant it; it is not followed',
    'add a ReferenceGrant in the namespace that is referred to',
  ),
  SLU0224: warning('a certificate that clients will refuse', 'renew it, or have it made for the hostname'),
  SLU0225: error(
    'a reference to CA certificates that cannot be used; nothing is trusted because of it',
    'refer to a ConfigMap with certificates in PEM under the key ca.crt',
  ),
  SLU0226: error(
    'a BackendTLSPolicy for something that is not served or does not exist; it has no effect there',
    'name a Service of the same namespace, and one of its ports',
  ),
  SLU0227: error(
    'a BackendTLSPolicy for what an older one is for; the older one holds',
    'remove one of them, or give them different ports by sectionName',
  ),
  SLU0228: error(
    'a BackendTLSPolicy that cannot be met; requests for its Services get 500',
    'correct what it asks for',
  ),
  SLU0229: error(
    'a Route that shares host or Service with a Route of another kind, which holds; it is not served there',
    'give them different hostnames, listeners or Services',
  ),
  SLU0230: warning(
    'a Route that is attached, and gets nothing because an older one gets all',
    'remove one of them, or give it its own listener or hostnames',
  ),
  SLU0231: error(
    'an annotation with a value that is not known; it is ignored',
    'write one of the values that docs/reference/annotations.md lists',
  ),

  // SLU03xx: agent adds its codes here: ports, kernel features, capabilities, files of the run.
  SLU0301: error('a port of a Gateway cannot be opened', 'free the port or give the listener another'),
  SLU0302: error(
    'the kernel did not take the Services; it goes on with those of the revision before',
    'change what the message names',
  ),
  SLU0303: error(
    'a change could not be applied because of a defect; what was applied before goes on being served',
    'report it with the message, and undo the change',
  ),
};

function error(title: string, mend: string): FindingText {
  return { level: 'error', title, mend };
}

function warning(title: string, mend: string): FindingText {
  return { level: 'warning', title, mend };
}
