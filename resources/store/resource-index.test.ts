// Looking things up by what references name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from '../source/manifests.ts';
import { indexResources, objectName } from './resource-index.ts';
import { EMPTY_RESOURCES } from './resources.ts';

const { resources, findings } = readManifests(
  `apiVersion: v1
kind: Service
metadata: { name: s, namespace: a }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: s, namespace: b }
spec: { ports: [{ port: 81 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: s-2, namespace: a, labels: { kubernetes.io/service-name: s } }
addressType: IPv4
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: s-1, namespace: a, labels: { kubernetes.io/service-name: s } }
addressType: IPv6
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: nobodys, namespace: a }
addressType: IPv4
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: a }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: b }], to: [{ group: "", kind: Service }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: c }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: v1
kind: Namespace
metadata: { name: a, labels: { x: z } }
`,
  'x.yaml',
);

test('finds by namespace and name', () => {
  assert.deepEqual(findings, []);
  const index = indexResources(resources);
  assert.equal(index.service('b', 's')?.spec?.ports?.[0]?.port, 81);
  assert.equal(index.service('c', 's'), undefined);
  assert.deepEqual(
    index.endpointSlices('a', 's').map((slice) => slice.metadata.name),
    ['s-1', 's-2'],
  );
  assert.deepEqual(index.endpointSlices('b', 's'), []);
  assert.equal(index.referenceGrants('a')[0]?.metadata.name, 'g');
  assert.deepEqual(index.referenceGrants('b'), []);
  assert.equal(index.gatewayClass('c')?.spec.controllerName, 'sluice.dev/gateway-controller');
  assert.equal(index.namespace('a')?.metadata.labels?.['x'], 'z');
  assert.equal(index.namespace('b'), undefined);
  assert.equal(
    index.gateway('a', 'g') ??
      index.httpRoute('a', 'r') ??
      index.secret('a', 's') ??
      index.configMap('a', 's'),
    undefined,
  );
});

test('names objects as findings do', () => {
  assert.deepEqual(resources.services.map(objectName), ['Service a/s', 'Service b/s']);
  assert.deepEqual(resources.gatewayClasses.map(objectName), ['GatewayClass c']);
});

test('nothing is found in nothing', () => {
  assert.equal(indexResources(EMPTY_RESOURCES).service('a', 's'), undefined);
});
