import assert from 'node:assert/strict';
import test from 'node:test';
import { readManifests } from '#resources/source/manifests';
import { markProgrammed } from './programmed.ts';
import { translate } from './translate.ts';

const GATEWAY = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: sluice
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - { name: admin, protocol: HTTP, port: 81 }
    - { name: dns, protocol: UDP, port: 81 }
    - { name: raw, protocol: example.com/raw, port: 82 }
`;

/** Programmed of the Gateway, then of each listener. */
function mark(failures: ReadonlyMap<string, string>): string[] {
  const { resources } = readManifests(GATEWAY, 'test.yaml');
  const options = { controllerName: 'a.b/c', previousRevision: 0, impliedClass: 'sluice' };
  const [status] = markProgrammed(translate(resources, options).statuses, resources.gateways, failures);
  assert.equal(status?.kind, 'Gateway');
  return [status.status.conditions, ...status.status.listeners.map(({ conditions }) => conditions)].map(
    (list) => {
      const one = list.find(({ type }) => type === 'Programmed');
      return `${one?.status} ${one?.reason} ${one?.message}`.trim();
    },
  );
}

const REFUSED = 'False Invalid protocol example.com/raw is not served; these are: HTTP, HTTPS, TLS, TCP, UDP';

test('what the data plane has taken is programmed; what was refused before stays refused', () => {
  assert.deepEqual(mark(new Map()), [...Array<string>(4).fill('True Programmed'), REFUSED]);
});

test('a port that could not be opened is told to its listener', () => {
  const expected = ['True Programmed', 'False Invalid in use', 'True Programmed', 'True Programmed', REFUSED];
  assert.deepEqual(mark(new Map([['tcp 80', 'in use']])), expected);
});

test('a Gateway without any open port is not programmed', () => {
  const failures = new Map([
    ['tcp 80', 'in use'],
    ['tcp 81', 'not allowed'],
    ['udp 81', 'taken'],
  ]);
  assert.equal(mark(failures)[0], 'False Invalid in use; not allowed; taken');
});

test('TCP and UDP ports of one number are told apart', () => {
  const expected = ['True Programmed', 'True Programmed', 'True Programmed', 'False Invalid taken', REFUSED];
  assert.deepEqual(mark(new Map([['udp 81', 'taken']])), expected);
});
