import assert from 'node:assert/strict';
import test from 'node:test';
import { readManifests } from '#resources/source/manifests';
import { listServiceTargets, type ServiceTarget } from './service-targets.ts';
import { translate } from './translate.ts';

const SERVICES = `
apiVersion: v1
kind: Service
metadata: { name: dns, namespace: kube }
spec:
  clusterIP: 10.96.0.10
  ports: [{ name: udp, port: 53, protocol: UDP }, { name: tcp, port: 53 }, { name: odd, port: 54, protocol: SCTP }]
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec:
  clusterIP: 10.96.0.1
  clusterIPs: [10.96.0.1, "fd00::1"]
  ipFamilies: [IPv4, IPv6]
  ipFamilyPolicy: RequireDualStack
  ports: [{ name: http, port: 80 }, { name: admin, port: 81 }]
---
apiVersion: v1
kind: Service
metadata: { name: headless, namespace: shop }
spec: { clusterIP: None, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: outside, namespace: shop }
spec: { type: ExternalName, externalName: example.com }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cart-4, namespace: shop, labels: { kubernetes.io/service-name: cart } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cart-6, namespace: shop, labels: { kubernetes.io/service-name: cart } }
addressType: IPv6
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: ["2001:db8::1"] }]
`;

const route = (parent: string, rules = '', kind = 'HTTPRoute'): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: r, namespace: shop }
spec:
  parentRefs: [${parent}]
  ${rules}
`;

const list = (...texts: string[]): readonly ServiceTarget[] =>
  listServiceTargets(readManifests(texts.join(''), 'test.yaml').resources);
const redirected = (parent: string): string[] =>
  list(SERVICES, route(parent)).flatMap(({ name, redirect }) => (redirect ? [name] : []));

test('each TCP and UDP port of a Service with a cluster address', () => {
  assert.deepEqual(
    list(SERVICES).map(({ name, transport }) => `${name}/${transport}`),
    ['kube/dns:53/udp', 'kube/dns:53/tcp', 'shop/cart:80/tcp', 'shop/cart:81/tcp'],
  );
});

test('addresses and endpoints of both families', () => {
  const cart = list(SERVICES).find(({ name }) => name === 'shop/cart:80');
  assert.deepEqual(cart, {
    name: 'shop/cart:80',
    addresses: ['10.96.0.1', 'fd00::1'],
    port: 80,
    transport: 'tcp',
    endpoints: [
      { address: '10.0.0.1', port: 8080 },
      { address: '2001:db8::1', port: 8080 },
    ],
    redirect: false,
  });
});

test('a port without endpoints is still a target: connecting to it is refused at once', () => {
  assert.deepEqual(list(SERVICES).find(({ name }) => name === 'shop/cart:81')?.endpoints, []);
});

test('what has a Route attached is redirected, UDP never', () => {
  assert.deepEqual(redirected('{ group: "", kind: Service, name: cart }'), ['shop/cart:80', 'shop/cart:81']);
  assert.deepEqual(redirected('{ group: "", kind: Service, name: cart, port: 81 }'), ['shop/cart:81']);
  assert.deepEqual(redirected('{ group: "", kind: Service, name: dns, namespace: kube }'), []);
  assert.deepEqual(redirected('{ name: cart }'), []);
});

test('GRPCRoutes redirect as HTTPRoutes do; Routes of connections have no say', () => {
  const cart = '{ group: "", kind: Service, name: cart, port: 81 }';
  const grpc = list(SERVICES, route(cart, '', 'GRPCRoute')).filter(({ redirect }) => redirect);
  assert.deepEqual(
    grpc.map(({ name }) => name),
    ['shop/cart:81'],
  );
  const rules = 'rules: [{ backendRefs: [{ name: cart, port: 80 }] }]';
  assert.ok(list(SERVICES, route(cart, rules, 'TCPRoute')).every(({ redirect }) => !redirect));
});

test('exactly the frontends of the Snapshot are redirected, also when no rule can be served', () => {
  const filters =
    'rules: [{ filters: [{ type: ExtensionRef, extensionRef: { group: a.b, kind: C, name: d } }] }]';
  for (const parent of [
    '{ group: "", kind: Service, name: cart }',
    '{ group: "", kind: Service, name: headless }',
  ]) {
    const { resources } = readManifests(SERVICES + route(parent, filters), 'test.yaml');
    const { snapshot } = translate(resources, { controllerName: 'a.b/c', previousRevision: 0 });
    const targets = listServiceTargets(resources).filter(({ redirect }) => redirect);
    assert.deepEqual(
      targets.map(({ name }) => name),
      snapshot.services.map(({ name }) => name),
    );
  }
});
