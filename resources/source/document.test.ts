// Each kind of mistake in a file, at the line and column where it stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateInDocuments, readDocuments } from './document.ts';

const ROUTE = 'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: a\n';

const MISTAKES: readonly {
  readonly title: string;
  readonly text: string;
  readonly expected: readonly string[];
}[] = [
  {
    title: 'broken YAML',
    text: `${ROUTE}spec:\n  rules: [\n`,
    expected: [
      '7:1 SLU0101 Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  },
  {
    title: 'a tab for indentation',
    text: 'a:\n\tb: 1\n',
    expected: ['2:1 SLU0101 Tabs are not allowed as indentation'],
  },
  { title: 'a key twice', text: 'kind: A\nkind: B\n', expected: ['2:1 SLU0101 Map keys must be unique'] },
  { title: 'an unknown tag', text: 'a: !x b\n', expected: ['1:4 SLU0101 Unresolved tag: !x'] },
  {
    title: 'an alias without anchor',
    text: 'a: *b\n',
    expected: ['1:4 SLU0101 no anchor &b stands before *b'],
  },
  { title: 'broken JSON', text: '{"kind": "A",,}', expected: ['1:14 SLU0101 Unexpected , in flow map'] },
  { title: 'a list', text: '- a\n', expected: ['1:1 SLU0102 not an object: it is not a mapping of fields'] },
  {
    title: 'a word',
    text: '# c\nhello\n',
    expected: ['2:1 SLU0102 not an object: it is not a mapping of fields'],
  },
  {
    title: 'no apiVersion',
    text: 'kind: Service\n',
    expected: ['1:1 SLU0102 not an object: it has no apiVersion'],
  },
  { title: 'no kind', text: '\napiVersion: v1\n', expected: ['2:1 SLU0102 not an object: it has no kind'] },
  {
    title: 'a kind that is a number',
    text: 'apiVersion: v1\nkind: 7\n',
    expected: ['1:1 SLU0102 kind must be a string, not 7'],
  },
  {
    title: 'an unknown kind',
    text: 'apiVersion: gateway.networking.k8s.io/v1\nkind: HttpRuote\n',
    expected: ['2:1 SLU0107 HttpRuote kind: unknown kind HttpRuote in gateway.networking.k8s.io/v1'],
  },
  {
    title: 'a kind of another group',
    text: 'apiVersion: v1\nkind: Gateway\nmetadata: { name: g }\n',
    expected: ['1:1 SLU0107 Gateway g apiVersion: there is no kind Gateway in v1'],
  },
  {
    title: 'a kind that is not served',
    text: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d, namespace: ns }\nspec: { any: thing }\n',
    expected: ['2:1 SLU0108 Deployment ns/d kind: Deployment is not served; the object is ignored'],
  },
  {
    title: 'a version that is not served',
    text: 'apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: HTTPRoute\n',
    expected: ['1:1 SLU0109 HTTPRoute apiVersion: HTTPRoute is not served in version v1alpha2'],
  },
  {
    title: 'an unknown field, at its key',
    text: `${ROUTE}spec:\n  rules:\n    - backendRef: []\n`,
    expected: ['7:7 SLU0104 HTTPRoute default/a spec.rules[0].backendRef: unknown field'],
  },
  {
    title: 'a wrong value, at its key',
    text: `${ROUTE}spec:\n  hostnames: ["a.b", 'A B']\n`,
    expected: [
      String.raw`6:22 SLU0103 HTTPRoute default/a spec.hostnames[1]: must match ^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$, not "A B"`,
    ],
  },
  {
    title: 'a missing field, at the object that lacks it',
    text: `${ROUTE}spec:\n  parentRefs:\n    - kind: Gateway\n`,
    expected: ['7:7 SLU0105 HTTPRoute default/a spec.parentRefs[0].name: required'],
  },
  {
    title: 'a rule of the API',
    text: `${ROUTE}spec:\n  rules:\n    - backendRefs:\n        - name: a\n`,
    expected: [
      '8:11 SLU0106 HTTPRoute default/a spec.rules[0].backendRefs[0]: Must have port for Service reference',
    ],
  },
  {
    title: 'a bad name',
    text: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {}\n  name: a.b\n',
    expected: [
      `5:3 SLU0111 Namespace a.b metadata.name: must be at most 63 lower case letters, digits and '-', starting and ending with a letter or digit, not "a.b"`,
    ],
  },
  {
    title: 'one item of two',
    text: `${ROUTE}spec:\n  parentRefs:\n    - name: g\n      sectionName: x\n    - name: g\n      sectionName: x\n`,
    expected: [
      '6:3 SLU0106 HTTPRoute default/a spec.parentRefs: sectionName must be unique when parentRefs includes 2 or more references to the same parent',
    ],
  },
  {
    title: 'a word that kubectl takes for a boolean',
    text: `${ROUTE}spec:\n  rules:\n    - matches:\n        - headers: [{ name: x, value: on }]\n`,
    expected: ['8:39 SLU0117 kubectl reads value: on as a boolean, Sluice reads it as a string'],
  },
  {
    title: 'a mistake in an item of a List',
    text: 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Namespace\n    metadata:\n      nam: a\n',
    expected: [
      '7:7 SLU0104 Namespace metadata.nam: unknown field',
      '6:5 SLU0105 Namespace metadata.name: required',
    ],
  },
];

for (const { title, text, expected } of MISTAKES)
  test(title, () => {
    const { problems } = readDocuments(text);
    assert.deepEqual(
      problems.map(({ line, column, code, object, field, message }) => {
        const subject = [object, field].filter((part) => part !== undefined).join(' ');
        return `${line}:${column} ${code} ${subject === '' ? '' : `${subject}: `}${message}`;
      }),
      expected,
    );
  });

test('reads Lists, JSON, older versions, anchors and merge keys', () => {
  const list = `apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Namespace, metadata: { name: one } }
  - { apiVersion: v1, kind: NamespaceList, items: [{ apiVersion: v1, kind: Namespace, metadata: { name: two } }] }
`;
  assert.deepEqual(keys(list), ['Namespace one', 'Namespace two']);
  assert.deepEqual(keys('{"apiVersion": "v1",\n\t"kind": "Namespace", "metadata": {"name": "json"}}'), [
    'Namespace json',
  ]);
  const [old] = readDocuments(ROUTE.replace('v1', 'v1beta1') + 'spec: {}\n').objects;
  assert.equal(old?.value['apiVersion'], 'gateway.networking.k8s.io/v1');
  const merged = `${ROUTE}spec:
  rules:
    - backendRefs: [&one { name: s, port: 80 }, { <<: *one, weight: 5 }, *one]
`;
  const [route] = readDocuments(merged).objects;
  assert.ok(route !== undefined);
  const { rules } = route.value['spec'] as { rules: { backendRefs: { port: number; weight: number }[] }[] };
  assert.deepEqual(
    rules[0]?.backendRefs.map((ref) => [ref.port, ref.weight]),
    [
      [80, 1],
      [80, 5],
      [80, 1],
    ],
  );
  assert.deepEqual(
    locateInDocuments(merged, 'HTTPRoute default/a', ['spec', 'rules', 0, 'backendRefs', 1, 'port']),
    { line: 7, column: 51 },
  );
});

test('an empty document is nothing, and nothing is wrong with it', () => {
  for (const text of ['', '---\n', '# only a comment\n', '---\n# a\n---\nnull\n'])
    assert.deepEqual(readDocuments(text), { objects: [], problems: [] });
});

test('objects are frozen to the bottom', () => {
  const [route] = readDocuments(`${ROUTE}spec: {}\n`).objects;
  const spec = route?.value['spec'] as { rules: { matches: object[] }[] };
  assert.ok(
    Object.isFrozen(route?.value) &&
      Object.isFrozen(spec.rules) &&
      Object.isFrozen(spec.rules[0]?.matches[0]),
  );
});

test('text that is made to hurt is refused', () => {
  const deep = readDocuments(`a: ${'['.repeat(20_000)}`);
  assert.equal(deep.problems[0]?.message, 'nested too deeply');
  assert.ok(deep.problems.length <= 5);
  const bomb = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(i === 0 ? 0 : 9)}]`,
  ).join('\n');
  assert.match(readDocuments(bomb).problems[0]?.message ?? '', /aliases expand to more than 1000000 values/);
  assert.equal(
    readDocuments('__proto__: { polluted: 1 }\napiVersion: v1\nkind: Namespace\n').problems[0]?.code,
    'SLU0104',
  );
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('what is wrong with a Secret is said without its values', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n';
  for (const text of [
    'stringData:\n  a: hunter2: x\n',
    'stringData: { a: [hunter2] }\n',
    'data: { a: hunter2 }\n',
  ]) {
    const { problems } = readDocuments(secret + text);
    assert.ok(problems.length > 0);
    assert.ok(!JSON.stringify(problems).includes('hunter2'));
  }
});

test('a field is found, or the nearest thing above it', () => {
  const text = `${ROUTE}spec:\n  rules:\n    - matches:\n        - path:\n            value: /a\n`;
  const at = (...path: (string | number)[]): unknown => locateInDocuments(text, 'HTTPRoute default/a', path);
  assert.deepEqual(at(), { line: 1, column: 1 });
  assert.deepEqual(at('spec', 'rules', 0, 'matches', 0, 'path', 'value'), { line: 9, column: 13 });
  assert.deepEqual(at('spec', 'rules', 0, 'matches', 0, 'path', 'type'), { line: 8, column: 11 });
  assert.deepEqual(at('spec', 'rules', 7), { line: 6, column: 3 });
  assert.equal(locateInDocuments(text, 'HTTPRoute default/b', []), undefined);
});

function keys(text: string): readonly string[] {
  const { objects, problems } = readDocuments(text);
  assert.deepEqual(problems, []);
  return objects.map((object) => object.key);
}
