// One object against its kind: what is completed, and what each kind of mistake is called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from './kinds.gen.ts';
import { formatPath } from './problem.ts';
import { validate } from './validate.ts';

type Fields = Record<string, unknown>;

test('defaults are filled in as the API server does', () => {
  const route = make('HTTPRoute', { spec: { rules: [{ backendRefs: [{ name: 'a', port: 80 }] }] } });
  assert.deepEqual(problems(route), []);
  assert.deepEqual(route['spec'], {
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ group: '', kind: 'Service', name: 'a', port: 80, weight: 1 }],
      },
    ],
  });
  const bare = make('HTTPRoute', { spec: {} });
  assert.deepEqual(problems(bare), []);
  assert.deepEqual(bare['spec'], { rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] });
});

test('defaults of one object are not shared with another', () => {
  const [a, b] = [make('HTTPRoute', { spec: {} }), make('HTTPRoute', { spec: {} })];
  problems(a);
  problems(b);
  (a['spec'] as { rules: unknown[] }).rules.length = 0;
  assert.equal((b['spec'] as { rules: unknown[] }).rules.length, 1);
});

test('nulls of fields that may not be null count as absent', () => {
  const route = make('HTTPRoute', { spec: { hostnames: null, rules: [{ matches: null, name: null }] } });
  assert.deepEqual(problems(route), []);
  assert.deepEqual(route['spec'], { rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] });
  assert.deepEqual(problems(make('Gateway', { spec: { gatewayClassName: null, listeners: [] } })), [
    'SLU0105 spec.gatewayClassName: required',
    'SLU0103 spec.listeners: must have at least 1 item, has 0',
  ]);
});

test('what Kubernetes computes in Go is completed', () => {
  const service = make('Service', { spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] } });
  assert.deepEqual(problems(service), []);
  assert.deepEqual(service['spec'], {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
  const secret = make('Secret', {
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': 'a', 'tls.key': 'b' },
  });
  assert.deepEqual(problems(secret), []);
  assert.deepEqual(secret['data'], { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' });
  assert.ok(!('stringData' in secret));
  const slice = make('EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'] }],
    ports: [{ port: 1 }],
  });
  assert.deepEqual(problems(slice), []);
  assert.deepEqual(slice['endpoints'], [{ addresses: ['127.0.0.1'], conditions: {} }]);
  assert.deepEqual(slice['ports'], [{ name: '', port: 1, protocol: 'TCP' }]);
});

test('status is not read', () => {
  const route = make('HTTPRoute', { spec: {}, status: { nonsense: true } });
  assert.deepEqual(problems(route), []);
  assert.ok(!('status' in route));
});

test('an unknown field names the one that was probably meant', () => {
  const route = make('HTTPRoute', { spec: { rules: [{ backendRef: [], constructor: 1, match: [] }] } });
  assert.deepEqual(problems(route), [
    'SLU0104 spec.rules[0].backendRef: unknown field (did you mean backendRefs?)',
    'SLU0104 spec.rules[0].constructor: unknown field (remove it, or use one of: backendRefs, filters, matches, name, timeouts)',
    'SLU0104 spec.rules[0].match: unknown field (did you mean matches?)',
  ]);
});

test('wrong values say what is allowed and what was written', () => {
  assert.deepEqual(
    problems(
      make('HTTPRoute', {
        spec: {
          hostnames: 'a.b',
          parentRefs: [{ name: 'a', port: '80' }],
          rules: [
            {
              matches: [{ method: 'get', path: { type: 'Prefix', value: 5 } }],
              backendRefs: [{ name: '', port: 0, weight: 2_000_000 }],
              timeouts: { request: '10' },
            },
          ],
        },
      }),
    ),
    [
      'SLU0103 spec.hostnames: must be a list, not "a.b" (write a list: one item a line, each after "- ")',
      'SLU0103 spec.parentRefs[0].port: must be an integer, not "80" (remove the quotes)',
      'SLU0103 spec.rules[0].backendRefs[0].name: must have at least 1 character, not "" (write a longer value or remove the field)',
      'SLU0103 spec.rules[0].backendRefs[0].port: must be >= 1, not 0 (write a number in this range)',
      'SLU0103 spec.rules[0].backendRefs[0].weight: must be <= 1000000, not 2000000 (write a number in this range)',
      'SLU0103 spec.rules[0].matches[0].method: must be one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, not "get" (did you mean GET?)',
      'SLU0103 spec.rules[0].matches[0].path.type: must be one of Exact, PathPrefix, RegularExpression, not "Prefix" (did you mean PathPrefix?)',
      'SLU0103 spec.rules[0].matches[0].path.value: must be a string, not 5 (put the value in quotes)',
      'SLU0103 spec.rules[0].timeouts.request: must match ^([0-9]{1,5}(h|m|s|ms)){1,4}$, not "10" (write a value that matches)',
    ],
  );
});

test('lists that are maps or sets hold no key twice', () => {
  const service = make('Service', {
    spec: {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    },
  });
  assert.deepEqual(problems(service), [
    'SLU0112 spec.ports[1]: has the same port, protocol as spec.ports[0]: {"port":80,"protocol":"TCP"}',
  ]);
  const udp = make('Service', {
    spec: {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80, protocol: 'UDP' },
      ],
    },
  });
  assert.deepEqual(problems(udp), []);
});

test('int-or-string takes both and nothing else', () => {
  const port = (targetPort: unknown): readonly string[] =>
    problems(make('Service', { spec: { ports: [{ port: 80, targetPort }] } }));
  assert.deepEqual(port('http'), []);
  assert.deepEqual(port(8080), []);
  assert.deepEqual(port([]), ['SLU0103 spec.ports[0].targetPort: must be an integer or a string, not []']);
});

test('values of a Secret are never shown', () => {
  const found = validate(
    kindOf('Secret'),
    make('Secret', { data: { key: 'hunter2!' }, stringData: { pass: 12345 } }),
  );
  const text = JSON.stringify(found);
  assert.equal(found.length, 2);
  assert.ok(!text.includes('hunter2') && !text.includes('12345'), text);
});

test('names, labels and annotations', () => {
  const of = (kind: string, metadata: Fields, spec: Fields = { spec: {} }): readonly string[] =>
    problems({ ...make(kind, spec), metadata }).map((line) => line.split(': must')[0] ?? '');
  assert.deepEqual(of('HTTPRoute', { name: 'a.b-c' }), []);
  assert.deepEqual(of('HTTPRoute', {}), ['SLU0105 metadata.name: required (add metadata.name)']);
  assert.deepEqual(of('HTTPRoute', { generateName: 'a-' }), [
    'SLU0105 metadata.generateName: only the API server generates names (write metadata.name instead)',
  ]);
  assert.deepEqual(of('HTTPRoute', { name: 'A_b' }), ['SLU0111 metadata.name']);
  assert.deepEqual(of('HTTPRoute', { name: 'a'.repeat(254) }), ['SLU0111 metadata.name']);
  assert.deepEqual(of('Service', { name: 'a.b' }, { spec: { clusterIP: 'None' } }), [
    'SLU0111 metadata.name',
  ]);
  assert.deepEqual(of('HTTPRoute', { name: 'a', namespace: 'a.b' }), ['SLU0111 metadata.namespace']);
  assert.deepEqual(of('Namespace', { name: 'a', namespace: 'b' }), [
    'SLU0111 metadata.namespace: Namespace stands outside of namespaces (remove metadata.namespace)',
  ]);
  assert.deepEqual(of('HTTPRoute', { name: 'a', labels: { 'a/b/c': 'd', e: 'f g', 'x.y/z': '' } }), [
    `SLU0111 metadata.labels['a/b/c']: the key must be a name of at most 63 characters, with an optional DNS prefix and "/"`,
    'SLU0111 metadata.labels.e',
  ]);
  assert.deepEqual(of('HTTPRoute', { name: 'a', annotations: { 'A.b/c': 'any thing', '': 'd' } }).length, 1);
  assert.deepEqual(of('HTTPRoute', { name: 'a', labels: { a: 1 } }), ['SLU0103 metadata.labels.a']);
  assert.deepEqual(of('HTTPRoute', { name: 7 }), ['SLU0103 metadata.name']);
});

test('an object of the wrong shape altogether', () => {
  assert.deepEqual(problems({ apiVersion: 'v1', kind: 'Gateway', spec: [] }), [
    'SLU0105 metadata: required (add metadata)',
    'SLU0103 spec: must be a mapping of fields, not [] (write fields: one a line, each as "name: value")',
  ]);
});

function make(kind: string, fields: Fields): Fields {
  return { apiVersion: 'v1', kind, metadata: { name: 'x' }, ...structuredClone(fields) };
}

function kindOf(name: unknown): (typeof KINDS)[number] {
  const kind = KINDS.find((one) => one.kind === name);
  assert.ok(kind !== undefined);
  return kind;
}

/** 'code path: message (mend)'; sorted as the schema orders fields. */
function problems(value: Fields): readonly string[] {
  return validate(kindOf(value['kind']), value).map(
    ({ code, path, message, mend }) =>
      `${code} ${formatPath(path)}: ${message}${mend === undefined || mend.startsWith('add g') || mend === 'add items or remove the field' ? '' : ` (${mend})`}`,
  );
}
