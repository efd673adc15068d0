// Upstream's own examples: the valid ones load without an error, the invalid ones are refused at the right field.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatFinding } from '../finding.ts';
import { readManifests } from '../source/manifests.ts';

const examples = JSON.parse(readFileSync(join(import.meta.dirname, '../crd/examples.json'), 'utf8')) as {
  valid: Record<string, string>;
  invalid: Record<string, string>;
};

/** Where the mistake of each invalid example stands, and what it is called. */
const MISTAKES: Readonly<Record<string, readonly string[]>> = {
  'gateway/duplicate-listeners.yaml': ['7:3 SLU0106 spec.listeners', '11:5 SLU0112 spec.listeners[1]'],
  'gateway/hostname-tcp.yaml': ['7:3 SLU0106 spec.listeners'],
  'gateway/hostname-udp.yaml': ['7:3 SLU0106 spec.listeners'],
  'gateway/invalid-addresses.yaml': [
    '8:5 SLU0103 spec.addresses[0].value',
    '9:5 SLU0103 spec.addresses[1].value',
    '10:5 SLU0103 spec.addresses[2].value',
    '11:5 SLU0103 spec.addresses[3].value',
    '12:5 SLU0103 spec.addresses[4].value',
    '13:5 SLU0103 spec.addresses[5].value',
    '14:5 SLU0103 spec.addresses[6].value',
    '15:5 SLU0103 spec.addresses[7].value',
    '17:5 SLU0103 spec.addresses[8].value',
  ],
  'gateway/invalid-listener-name.yaml': ['8:5 SLU0103 spec.listeners[0].name'],
  'gateway/invalid-listener-port.yaml': ['10:5 SLU0103 spec.listeners[0].port'],
  'gateway/invalid-tls-mode.yaml': ['7:3 SLU0106 spec.listeners'],
  'gateway/tlsconfig-tcp.yaml': ['7:3 SLU0106 spec.listeners'],
  'gatewayclass/invalid-controller.yaml': ['6:3 SLU0103 spec.controllerName'],
  'httproute/duplicate-header-match.yaml': ['11:9 SLU0112 spec.rules[0].matches[0].headers[1]'],
  'httproute/duplicate-query-match.yaml': ['11:9 SLU0112 spec.rules[0].matches[0].queryParams[1]'],
  'httproute/httproute-portless-backend.yaml': ['10:7 SLU0106 spec.rules[0].backendRefs[0]'],
  'httproute/httproute-portless-service.yaml': ['10:7 SLU0106 spec.rules[0].backendRefs[0]'],
  'httproute/invalid-backend-group.yaml': ['8:7 SLU0103 spec.rules[0].backendRefs[0].group'],
  'httproute/invalid-backend-kind.yaml': ['8:7 SLU0103 spec.rules[0].backendRefs[0].kind'],
  'httproute/invalid-backend-port.yaml': ['9:7 SLU0103 spec.rules[0].backendRefs[0].port'],
  'httproute/invalid-filter-duplicate-header.yaml': [
    '12:11 SLU0112 spec.rules[0].filters[0].requestHeaderModifier.remove[1]',
  ],
  'httproute/invalid-filter-duplicate.yaml': ['7:5 SLU0106 spec.rules[0].filters'],
  'httproute/invalid-filter-empty.yaml': ['8:7 SLU0106 spec.rules[0].filters[0]'],
  'httproute/invalid-filter-wrong-field.yaml': [
    '8:7 SLU0106 spec.rules[0].filters[0]',
    '8:7 SLU0106 spec.rules[0].filters[0]',
  ],
  'httproute/invalid-header-name.yaml': ['10:9 SLU0103 spec.rules[0].matches[0].headers[0].name'],
  'httproute/invalid-hostname.yaml': ['7:5 SLU0103 spec.hostnames[0]'],
  'httproute/invalid-httpredirect-hostname.yaml': [
    '13:9 SLU0103 spec.rules[0].filters[0].requestRedirect.hostname',
  ],
  'httproute/invalid-method.yaml': ['8:7 SLU0103 spec.rules[0].matches[0].method'],
  'httproute/invalid-path-alphanum-specialchars-mix.yaml': ['8:7 SLU0106 spec.rules[0].matches[0].path'],
  'httproute/invalid-path-specialchars.yaml': ['8:7 SLU0106 spec.rules[0].matches[0].path'],
  'httproute/invalid-request-redirect-with-backendref.yaml': ['9:7 SLU0106 spec.rules[0]'],
  'referencegrant/missing-from.yaml': ['5:1 SLU0105 spec.from'],
  'referencegrant/missing-ns.yaml': ['10:5 SLU0105 spec.from[0].namespace'],
  'referencegrant/missing-to.yaml': ['5:1 SLU0105 spec.to'],
  'tlsroute/invalid-hostname.yaml': ['7:5 SLU0103 spec.hostnames[0]'],
  'tlsroute/no-hostname.yaml': ['5:1 SLU0105 spec.hostnames'],
};

test('every valid example loads without an error', () => {
  for (const [name, text] of Object.entries(examples.valid)) {
    const errors = readManifests(text, name).findings.filter((finding) => finding.level === 'error');
    assert.deepEqual(errors.map(formatFinding), []);
  }
  assert.ok(Object.keys(examples.valid).length > 40);
});

test('the list of mistakes covers every invalid example', () => {
  assert.deepEqual(Object.keys(MISTAKES).sort(), Object.keys(examples.invalid).sort());
});

for (const [name, text] of Object.entries(examples.invalid))
  test(`refuses ${name}`, () => {
    const { resources, findings } = readManifests(text, name);
    assert.deepEqual(
      findings.map((finding) => `${finding.line}:${finding.column} ${finding.code} ${finding.field}`),
      MISTAKES[name],
    );
    assert.ok(Object.values(resources).every((list: readonly unknown[]) => list.length === 0));
  });
