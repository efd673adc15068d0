// Many routes: all are read, an edit of one renews just that one, and a look at nothing new reads nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DirectorySource } from './directory.ts';

const COUNT = 5000;

test(`${COUNT} HTTPRoutes in one file`, (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-load-'));
  t.after(() => rmSync(root, { recursive: true }));
  const file = join(root, 'routes.yaml');
  const routes = Array.from({ length: COUNT }, (_, i) => route(i, 90));
  writeFileSync(file, routes.join('---\n'));
  const source = DirectorySource.open(root);
  const first = timed('first', () => source.load());
  assert.deepEqual(first.findings, []);
  assert.equal(first.resources.httpRoutes.length, COUNT);
  assert.equal(
    timed('again', () => source.load()),
    first,
  );
  routes[1234] = route(1234, 91);
  writeFileSync(file, routes.join('---\n'));
  const second = timed('edited', () => source.load());
  const renewed = second.resources.httpRoutes.filter(
    (object, index) => object !== first.resources.httpRoutes[index],
  );
  assert.deepEqual(
    renewed.map(({ metadata }) => [metadata.name, metadata.generation]),
    [['route-1234', 2]],
  );
  assert.equal(
    source.locate('HTTPRoute shop/route-4999', 'spec.rules[0].backendRefs[1].weight')?.line,
    COUNT * 18 - 1,
  );

  /** For people: nothing is asserted of times. */
  function timed<T>(what: string, run: () => T): T {
    const start = performance.now();
    const result = run();
    t.diagnostic(`${what}: ${Math.round(performance.now() - start)} ms`);
    return result;
  }
});

/** 17 lines, 18 with the marker. */
function route(i: number, weight: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-${i}
  namespace: shop
spec:
  parentRefs:
    - name: front
  hostnames: [h${i}.example.com]
  rules:
    - matches:
        - path: { type: PathPrefix, value: /p${i} }
      backendRefs:
        - { name: a, port: 80, weight: ${weight} }
        - name: b
          port: 80
          weight: 10
`;
}
