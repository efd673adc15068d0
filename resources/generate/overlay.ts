// Rules that Kubernetes keeps in Go (pkg/apis/core/validation, pkg/apis/discovery/validation), not in OpenAPI: ranges,
// enums, defaults and rules across fields of the core kinds, in the words of a schema so that one engine checks all.
import type { Schema } from '../validate/schema.ts';

const PORT: Schema = { minimum: 1, maximum: 65535 };
const DNS_LABEL: Schema = { maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };
const PROTOCOL: Schema = { enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' };
const CONDITION: Schema = { properties: { status: { enum: ['True', 'False', 'Unknown'] } } };

/** By definition name without its package; merged into the definition, deeper values win. */
export const OVERLAYS: Readonly<Record<string, Schema>> = {
  Condition: CONDITION,
  ServiceSpec: {
    properties: {
      type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], default: 'ClusterIP' },
      sessionAffinity: { enum: ['None', 'ClientIP'], default: 'None' },
      externalTrafficPolicy: { enum: ['Cluster', 'Local'] },
      internalTrafficPolicy: { enum: ['Cluster', 'Local'] },
      ipFamilyPolicy: { enum: ['SingleStack', 'PreferDualStack', 'RequireDualStack'] },
      ipFamilies: { maxItems: 2, items: { enum: ['IPv4', 'IPv6'] } },
      clusterIPs: { maxItems: 2 },
    },
    'x-kubernetes-validations': [
      {
        rule: "!has(self.clusterIP) || self.clusterIP in ['', 'None'] || isIP(self.clusterIP)",
        message: "clusterIP must be an IP address, 'None' or empty",
      },
      {
        rule: "!has(self.clusterIPs) || self.clusterIPs.all(a, a == 'None' || isIP(a))",
        message: "clusterIPs must hold IP addresses or 'None'",
      },
      {
        rule: '!has(self.clusterIP) || !has(self.clusterIPs) || size(self.clusterIPs) == 0 || self.clusterIPs[0] == self.clusterIP',
        message: 'clusterIPs[0] must equal clusterIP',
      },
      {
        rule: '!has(self.clusterIPs) || size(self.clusterIPs) < 2 || self.clusterIPs.exists(a, !isIP(a)) || ip(self.clusterIPs[0]).family() != ip(self.clusterIPs[1]).family()',
        message: 'clusterIPs must hold one address per family',
      },
      {
        rule: '!has(self.externalIPs) || self.externalIPs.all(a, isIP(a))',
        message: 'externalIPs must hold IP addresses',
      },
      {
        rule: "self.type != 'ExternalName' || (has(self.externalName) && self.externalName != '')",
        message: 'externalName must be set when type is ExternalName',
      },
      {
        rule: "self.type != 'ExternalName' || !has(self.clusterIP) || self.clusterIP in ['', 'None']",
        message: 'clusterIP must not be set when type is ExternalName',
      },
      {
        rule: "self.type == 'ExternalName' || (has(self.clusterIP) && self.clusterIP == 'None') || (has(self.ports) && size(self.ports) > 0)",
        message: 'ports must be set unless the Service is headless or of type ExternalName',
      },
      {
        rule: "!has(self.ports) || size(self.ports) < 2 || self.ports.all(p, has(p.name) && p.name != '')",
        message: 'each port must have a name when there is more than one',
      },
      {
        rule: "!has(self.ports) || self.ports.all(p, !has(p.name) || p.name == '' || self.ports.exists_one(q, has(q.name) && q.name == p.name))",
        message: 'port names must be unique',
      },
    ],
  },
  ServicePort: {
    properties: { name: DNS_LABEL, port: PORT, nodePort: { minimum: 0, maximum: 65535 }, protocol: PROTOCOL },
    'x-kubernetes-validations': [
      {
        rule: "!has(self.targetPort) || (type(self.targetPort) == int ? self.targetPort >= 1 && self.targetPort <= 65535 : self.targetPort.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$') && size(self.targetPort) <= 15)",
        message: 'targetPort must be a number from 1 to 65535 or a port name',
      },
    ],
  },
  EndpointSlice: {
    properties: {
      addressType: { enum: ['IPv4', 'IPv6', 'FQDN'] },
      endpoints: { maxItems: 1000, default: [] },
      ports: { maxItems: 100, default: [] },
    },
    'x-kubernetes-validations': [
      {
        rule: "self.addressType != 'IPv4' || self.endpoints.all(e, e.addresses.all(a, isIP(a) && ip(a).family() == 4))",
        message: 'addresses must be IPv4 addresses when addressType is IPv4',
      },
      {
        rule: "self.addressType != 'IPv6' || self.endpoints.all(e, e.addresses.all(a, isIP(a) && ip(a).family() == 6))",
        message: 'addresses must be IPv6 addresses when addressType is IPv6',
      },
      {
        rule: 'self.ports.all(p, self.ports.exists_one(q, q.name == p.name))',
        message: 'port names must be unique',
      },
    ],
  },
  Endpoint: { properties: { addresses: { minItems: 1, maxItems: 100 }, conditions: { default: {} } } },
  EndpointPort: {
    properties: {
      name: { ...DNS_LABEL, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$', default: '' },
      port: PORT,
      protocol: PROTOCOL,
    },
  },
  ConfigMap: {
    'x-kubernetes-validations': [
      {
        rule: "!has(self.data) || self.data.all(k, k.matches('^[-._a-zA-Z0-9]+$') && size(k) <= 253)",
        message: "keys of data must consist of letters, digits, '-', '_' or '.'",
      },
      {
        rule: '!has(self.data) || !has(self.binaryData) || self.binaryData.all(k, !(k in self.data))',
        message: 'a key must not stand in data and in binaryData',
      },
    ],
  },
  Secret: {
    properties: {
      type: { default: 'Opaque' },
    },
    'x-kubernetes-validations': [
      {
        rule: "!has(self.data) || self.data.all(k, k.matches('^[-._a-zA-Z0-9]+$') && size(k) <= 253)",
        message: "keys of data must consist of letters, digits, '-', '_' or '.'",
      },
      {
        rule: "self.type != 'kubernetes.io/tls' || (has(self.data) && 'tls.crt' in self.data && 'tls.key' in self.data)",
        message: "data must have 'tls.crt' and 'tls.key' when type is kubernetes.io/tls",
      },
    ],
  },
};
