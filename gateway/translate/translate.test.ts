// What golden files cannot hold: resources that the API's own validation refuses, and properties of the translation itself.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { formatFinding } from '#resources/finding';
import { readManifests } from '#resources/source/manifests';
import type { Resources } from '#resources/store/resources';
import { translate, type Translation } from './translate.ts';

const MANIFEST = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: sluice
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - { name: twin, protocol: HTTP, port: 80, hostname: twin.example.com }
    - { name: admin, protocol: HTTP, port: 81 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: front }]
  rules:
    - matches: [{ path: { type: RegularExpression, value: "/a.*" } }]
      backendRefs: [{ name: cart, port: 80 }]
    - backendRefs: [{ name: cart, port: 80 }]
`;
const OPTIONS = {
  controllerName: 'sluice.dev/gateway-controller',
  previousRevision: 7,
  impliedClass: 'sluice',
};
const provesAll = { proveRegex: () => undefined };

/** Spelled out as far as these tests write it; values may be what validation would refuse. */
interface Draft {
  gateways: { spec: { listeners: { hostname?: string; allowedRoutes: { namespaces: unknown } }[] } }[];
  httpRoutes: { spec: { hostnames?: string[]; rules: DraftRule[] } }[];
}
interface DraftRule {
  filters?: unknown[];
}

const read = (): Resources => readManifests(MANIFEST, 'test.yaml').resources;
const change = (
  edit: (gateway: Draft['gateways'][number]['spec'], route: Draft['httpRoutes'][number]['spec']) => void,
): Resources => {
  const resources = structuredClone(read());
  const { gateways, httpRoutes } = resources as unknown as Draft;
  const [gateway] = gateways;
  const [route] = httpRoutes;
  assert.ok(gateway !== undefined && route !== undefined);
  edit(gateway.spec, route.spec);
  return resources;
};
const codes = ({ findings }: Translation): string[] => findings.map(({ code }) => code);
const conditions = ({ statuses }: Translation, kind: 'Gateway' | 'HTTPRoute'): string[] => {
  const one = statuses.find((status) => status.kind === kind);
  const list =
    one?.kind === 'HTTPRoute'
      ? one.status.parents[0]?.conditions
      : one?.kind === 'Gateway'
        ? one.status.conditions
        : [];
  return (list ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
};

test('each translation has the next revision', () => {
  assert.equal(translate(read(), { ...OPTIONS, ...provesAll }).snapshot.revision, 8);
});

test('the same resources give the same translation, and are not changed', () => {
  const resources = read();
  const before = structuredClone(resources);
  const first = translate(resources, { ...OPTIONS, ...provesAll });
  assert.deepEqual(translate(resources, { ...OPTIONS, ...provesAll }), first);
  assert.deepEqual(resources, before);
});

test('the Snapshot is frozen to the bottom and can be cloned to workers', () => {
  const { snapshot } = translate(read(), { ...OPTIONS, ...provesAll });
  const rule = snapshot.ports[0]?.listeners[0]?.hosts[0]?.rules[0];
  assert.ok(Object.isFrozen(rule) && Object.isFrozen(rule?.matches[0]?.path));
  assert.deepEqual(structuredClone(snapshot), snapshot);
});

test('one rule under several hostnames is one object, also after cloning', () => {
  const resources = change((_, route) => (route.hostnames = ['a.example.com', 'b.example.com']));
  const snapshot = structuredClone(translate(resources, { ...OPTIONS, ...provesAll }).snapshot);
  const hosts = snapshot.ports[0]?.listeners[0]?.hosts ?? [];
  assert.equal(hosts.length, 2);
  assert.equal(hosts[0]?.rules[0], hosts[1]?.rules[0]);
});

test('without an implied class the Gateway is not served, with a warning', () => {
  const { controllerName, previousRevision } = OPTIONS;
  const translation = translate(read(), { controllerName, previousRevision, ...provesAll });
  assert.deepEqual(codes(translation), ['SLU0201']);
  assert.deepEqual(translation.snapshot.ports, []);
});

test('a regular expression that cannot be proven is refused, the other rules serve', () => {
  const refusal = { error: 'not today', mend: 'wait' };
  const translation = translate(read(), { ...OPTIONS, proveRegex: () => refusal });
  assert.equal(
    translation.findings.map(formatFinding)[0],
    'error SLU0214 HTTPRoute shop/cart spec.rules[0].matches[0].path.value: "/a.*": not today. Mend: wait',
  );
  assert.deepEqual(
    translation.snapshot.ports[0]?.listeners[0]?.hosts[0]?.rules.map(({ index }) => index),
    [1],
  );
});

test('twins in one Gateway: neither is served, both are told, the third goes on', () => {
  const translation = translate(
    change(({ listeners }) => delete listeners[1]?.hostname),
    { ...OPTIONS, ...provesAll },
  );
  assert.deepEqual(codes(translation).filter((code) => code === 'SLU0205').length, 2);
  assert.deepEqual(
    translation.snapshot.ports.map(({ port }) => port),
    [81],
  );
  assert.ok(conditions(translation, 'Gateway').includes('Accepted=True ListenersNotValid'));
});

const REDIRECT = { type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 302 } };
const REWRITE = { type: 'URLRewrite', urlRewrite: { hostname: 'inner' } };
const INCOMPATIBLE: [string, unknown[]][] = [
  ['a redirect beside a rewrite', [REDIRECT, REWRITE]],
  ['a filter twice', [REWRITE, REWRITE]],
];
for (const [name, filters] of INCOMPATIBLE) {
  test(`${name} is incompatible: the rule answers 500`, () => {
    const resources = change((_, { rules }) => {
      rules.shift();
      for (const rule of rules) rule.filters = filters;
    });
    const translation = translate(resources, { ...OPTIONS, ...provesAll });
    assert.ok(codes(translation).includes('SLU0213'));
    assert.equal(conditions(translation, 'HTTPRoute')[0], 'Accepted=False IncompatibleFilters');
    const rule = translation.snapshot.ports[0]?.listeners[0]?.hosts[0]?.rules[0];
    assert.deepEqual(rule?.filters, []);
    assert.equal(rule?.backends[0]?.failure, 'RULE_UNSUPPORTED');
  });
}

test('a filter type from the future is not skipped', () => {
  const resources = change((_, { rules }) => {
    for (const rule of rules.slice(1)) rule.filters = [{ type: 'ExternalAuth', externalAuth: {} }];
  });
  const translation = translate(resources, { ...OPTIONS, ...provesAll });
  assert.ok(codes(translation).includes('SLU0211'));
  assert.ok(conditions(translation, 'HTTPRoute').includes('PartiallyInvalid=True UnsupportedValue'));
});

test('a selector operator from the future selects nothing', () => {
  const resources = change(({ listeners }) => {
    const selector = { matchExpressions: [{ key: 'a', operator: 'Near', values: [] }] };
    for (const listener of listeners) listener.allowedRoutes.namespaces = { from: 'Selector', selector };
  });
  const translation = translate(resources, { ...OPTIONS, ...provesAll });
  assert.equal(conditions(translation, 'HTTPRoute')[0], 'Accepted=False NotAllowedByListeners');
});

test('the canary example is translated without findings, and serves at both doors', () => {
  const directory = join(import.meta.dirname, '../../examples/canary');
  const texts = readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(join(directory, file), 'utf8'));
  const { resources } = readManifests(texts.join('\n---\n'), 'canary.yaml');
  const { snapshot, findings } = translate(resources, {
    controllerName: OPTIONS.controllerName,
    previousRevision: 0,
  });
  assert.deepEqual(findings, []);
  const doors = [...snapshot.ports.flatMap(({ listeners }) => listeners), ...snapshot.services];
  assert.equal(doors.length, 2);
  for (const { hosts } of doors) {
    const clusters = hosts.flatMap(({ rules }) =>
      rules.flatMap((rule) => rule.backends.map(({ cluster }) => cluster)),
    );
    assert.deepEqual(clusters, ['shop/cart-v1:80', 'shop/cart-v2:80']);
  }
});
