// Desired Services become exactly the entries that the kernel programs look up, or a list of errors and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Service } from '../desired.ts';
import {
  readServiceEntry,
  readServiceKey,
  SERVICE_ENTRY_SIZE,
  SERVICE_KEY_SIZE,
  SERVICE_KIND,
} from '../layout.gen.ts';
import { formatEndpoint } from './address.ts';
import { formatPlanError } from './plan-error.ts';
import { planServices, type Entries } from './services.ts';

const WEB: Service = {
  name: 'default/web',
  address: '10.96.0.1',
  port: 80,
  transport: 'tcp',
  backends: [
    { address: '10.1.0.7', port: 8080 },
    { address: '10.1.2.9', port: 8081 },
  ],
  redirect: false,
};

test('a Service takes slot 0, its backends the slots after it', () => {
  assert.deepEqual(dump([WEB]), [
    '10.96.0.1:80 6 slot 0 -> balance 2',
    '10.96.0.1:80 6 slot 1 -> 10.1.0.7:8080',
    '10.96.0.1:80 6 slot 2 -> 10.1.2.9:8081',
  ]);
});

test('UDP, IPv6, and a Service with no backend', () => {
  const dns: Service = {
    name: 'dns',
    address: 'fd00::a',
    port: 53,
    transport: 'udp',
    backends: [{ address: 'fd00:1::1', port: 5353 }],
    redirect: false,
  };
  assert.deepEqual(dump([dns, { ...WEB, backends: [] }]), [
    '[fd00::a]:53 17 slot 0 -> balance 1',
    '[fd00::a]:53 17 slot 1 -> [fd00:1::1]:5353',
    '10.96.0.1:80 6 slot 0 -> balance 0',
  ]);
});

test('a redirected Service brings no backends: the proxy picks them', () => {
  assert.deepEqual(dump([{ ...WEB, redirect: true }]), ['10.96.0.1:80 6 slot 0 -> redirect 0']);
});

test('one address and port serves TCP and UDP side by side', () => {
  assert.equal(dump([WEB, { ...WEB, name: 'udp', transport: 'udp' }]).length, 6);
});

test('every error names the Service, the field and the mend, and all are reported', () => {
  assert.deepEqual(refusals([{ ...WEB, address: '10.96.0.256', port: 0 }]), [
    'Service default/web: address: "10.96.0.256" is not an IPv4 or IPv6 address. Mend: give a literal address',
    'Service default/web: port: 0 is not a port. Mend: give a number from 1 to 65535',
  ]);
  assert.deepEqual(refusals([{ ...WEB, backends: [{ address: 'fd00::1', port: 80 }] }]), [
    "Service default/web: backends[0].address: fd00::1 is IPv6, the Service's address 10.96.0.1 is IPv4. Mend: give a backend of the same family",
  ]);
  assert.deepEqual(refusals([{ ...WEB, transport: 'udp', redirect: true }]), [
    'Service default/web: redirect: only TCP can be sent to the proxy. Mend: remove the route from this port, or make it TCP',
  ]);
  assert.deepEqual(refusals([{ ...WEB, backends: [{ address: '224.0.0.1', port: 1.5 }] }]), [
    'Service default/web: backends[0].address: 224.0.0.1 is not the address of one host. Mend: give a unicast address',
    'Service default/web: backends[0].port: 1.5 is not a port. Mend: give a number from 1 to 65535',
  ]);
});

test('two Services on one address, port and protocol are refused, in whatever spelling', () => {
  assert.deepEqual(refusals([WEB, { ...WEB, name: 'other', address: '::ffff:10.96.0.1' }]), [
    'Service other: address: ::ffff:10.96.0.1 port 80/tcp belongs to Service default/web already. Mend: give one of the two another address or port',
  ]);
});

test('too many backends for the slot number are refused', () => {
  const backends = Array.from({ length: 65_536 }, () => ({ address: '10.0.0.1', port: 1 }));
  assert.match(refusals([{ ...WEB, backends }])[0] ?? '', /backends: 65536 backends, at most 65535/);
});

test('property: the entries hold what was desired, each key once', () => {
  const service = fc.record({
    address: fc.ipV4().map((ip) => ip.replace(/^(0|22[4-9]|2[345][0-9])\./, '10.')),
    port: fc.integer({ min: 1, max: 65_535 }),
    transport: fc.constantFrom('tcp' as const, 'udp' as const),
    backends: fc.array(
      fc.record({ address: fc.constant('192.0.2.1'), port: fc.integer({ min: 1, max: 65_535 }) }),
      {
        maxLength: 5,
      },
    ),
  });
  const key = (one: { address: string; port: number; transport: string }): string =>
    `${one.address} ${one.port} ${one.transport}`;
  fc.assert(
    fc.property(fc.uniqueArray(service, { selector: key, maxLength: 20 }), (services) => {
      const lines = dump(services.map((one, i) => ({ ...one, name: `s${i}`, redirect: false })));
      assert.equal(new Set(lines.map((line) => line.split(' -> ')[0])).size, lines.length);
      const expected = services.flatMap((one) => [
        `balance ${one.backends.length}`,
        ...one.backends.map((backend) => `${backend.address}:${backend.port}`),
      ]);
      assert.deepEqual(
        lines.map((line) => line.split(' -> ')[1]),
        expected,
      );
    }),
  );
});

function dump(services: readonly Service[]): string[] {
  const plan = planServices({ revision: 1, services });
  assert.equal(
    plan.kind,
    'entries',
    plan.kind === 'refused' ? plan.errors.map(formatPlanError).join('\n') : '',
  );
  const entries: Entries = plan.entries;
  return Array.from({ length: entries.count }, (_, i) => {
    const key = readServiceKey(entries.keys, i * SERVICE_KEY_SIZE);
    const entry = readServiceEntry(entries.values, i * SERVICE_ENTRY_SIZE);
    const kind = entry.kind === SERVICE_KIND.SERVICE_REDIRECT ? 'redirect' : 'balance';
    const value =
      key.slot === 0 ? `${kind} ${entry.count}` : formatEndpoint(entry.backend.address, entry.backend.port);
    return `${formatEndpoint(key.service.address, key.service.port)} ${key.protocol} slot ${key.slot} -> ${value}`;
  });
}

function refusals(services: readonly Service[]): string[] {
  const plan = planServices({ revision: 1, services });
  assert.equal(plan.kind, 'refused');
  return plan.errors.map(formatPlanError);
}
