import assert from 'node:assert/strict';
import test from 'node:test';
import type { HeaderModifier } from '../../model/route.ts';
import { parseHeaderModifier } from './config.ts';
import { compileHeaderEdits } from './edits.ts';

const modifier = (parts: Partial<HeaderModifier>): HeaderModifier => ({
  set: [],
  add: [],
  remove: [],
  ...parts,
});
const text = (...modifiers: HeaderModifier[]): [string[], string] => {
  const { drop, append } = compileHeaderEdits(modifiers);
  return [[...(drop ?? [])], append?.toString() ?? ''];
};

test('set replaces all, add appends, remove drops', () => {
  const edits = modifier({
    set: [{ name: 'X-Set', value: 'new' }],
    add: [{ name: 'X-Add', value: 'more' }],
    remove: ['x-gone'],
  });
  assert.deepEqual(text(edits), [['x-set', 'x-gone'], 'X-Set: new\r\nX-Add: more\r\n']);
});

test('nothing to do costs nothing', () => {
  assert.deepEqual(compileHeaderEdits([]), { drop: undefined, append: undefined });
  assert.equal(compileHeaderEdits([modifier({ add: [{ name: 'A', value: '1' }] })]).drop, undefined);
});

test('a later modifier also edits what an earlier one appended', () => {
  const first = modifier({ set: [{ name: 'A', value: '1' }], add: [{ name: 'B', value: '1' }] });
  const second = modifier({ set: [{ name: 'a', value: '2' }], remove: ['b'] });
  assert.deepEqual(text(first, second), [['a', 'b'], 'a: 2\r\n']);
});

test('names of the connection and Host are refused, in any case', () => {
  for (const name of [
    'Connection',
    'CONTENT-LENGTH',
    'transfer-encoding',
    'TE',
    'Upgrade',
    'Keep-Alive',
    'Host',
  ]) {
    assert.equal(parseHeaderModifier({ set: [{ name, value: 'x' }] }, 'm').issues[0]?.field, 'm.set[0].name');
    assert.equal(parseHeaderModifier({ add: [{ name, value: 'x' }] }, 'm').issues[0]?.field, 'm.add[0].name');
    assert.equal(parseHeaderModifier({ remove: [name] }, 'm').issues[0]?.field, 'm.remove[0]');
  }
  assert.match(parseHeaderModifier({ remove: ['host'] }, 'm').issues[0]?.mend ?? '', /URLRewrite/);
});

test('values that could end the line are refused', () => {
  for (const value of ['a\r\nb', 'a\nb', 'a\rb', 'a\0b', '\u007f']) {
    const { issues, filter } = parseHeaderModifier({ add: [{ name: 'X', value }] }, 'm');
    assert.equal(issues[0]?.field, 'm.add[0].value');
    assert.deepEqual(filter.add, []);
  }
  assert.deepEqual(parseHeaderModifier({ add: [{ name: 'X', value: 'a\tb; c=d' }] }, 'm').issues, []);
});

test('names must be tokens', () => {
  for (const name of ['', 'a b', 'a:', 'é', 'a\r\nb', ':path']) {
    assert.equal(parseHeaderModifier({ remove: [name] }, 'm').issues.length, 1, name);
  }
});

test('of equivalent names in one list the first counts; two actions for one name are invalid', () => {
  const twice = {
    set: [
      { name: 'A', value: '1' },
      { name: 'a', value: '2' },
    ],
  };
  assert.deepEqual(parseHeaderModifier(twice, 'm'), {
    filter: modifier({ set: [{ name: 'A', value: '1' }] }),
    issues: [],
  });
  const both = parseHeaderModifier({ set: [{ name: 'A', value: '1' }], remove: ['a'] }, 'm');
  assert.match(both.issues[0]?.message ?? '', /also named by set/);
});
