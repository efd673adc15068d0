// Kubernetes' CEL functions, each with an answer that is easy to check by hand, and what the compiler must refuse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRule } from './environment.ts';

const TRUE = [
  "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.256') && !isIP('fe80::1%eth0') && !isIP('::ffff:10.0.0.1')",
  "ip('10.0.0.1').family() == 4 && ip('fd00::1').family() == 6",
  "ip('127.0.0.1').isLoopback() && !ip('10.0.0.1').isLoopback()",
  "ip('0.0.0.0').isUnspecified() && ip('169.254.0.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast()",
  "ip('8.8.8.8').isGlobalUnicast() && !ip('224.0.0.9').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()",
  "string(ip('FD00::1')) == 'fd00::1'",
  "isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0/8/8')",
  "cidr('10.0.0.0/8').containsIP('10.9.9.9') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
  "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
  "!cidr('10.0.0.0/8').containsIP('fd00::1')",
  "cidr('10.1.2.0/24').prefixLength() == 24 && cidr('10.1.2.0/24').ip().family() == 4",
  "isURL('https://a.b:8443/c?d=e') && isURL('/c') && !isURL('a.b') && !isURL('') && !isURL('http://a b')",
  "url('https://a.b:8443/c%20d?e=f&e=g').getHostname() == 'a.b' && url('https://a.b:8443/c').getPort() == '8443'",
  "url('https://a.b:8443/c%20d').getScheme() == 'https' && url('https://a.b:8443/c%20d').getEscapedPath() == '/c%20d'",
  "url('http://[::1]:80/').getHostname() == '::1' && url('http://a.b:81/').getHost() == 'a.b:81'",
  "url('/c').getHost() == '' && url('/c?a=b').getQuery() == {'a': ['b']}",
  "isQuantity('1.5Gi') && isQuantity('100m') && !isQuantity('1.5.2') && !isQuantity('1 Gi') && !isQuantity('')",
  "quantity('1Ki').asInteger() == 1024 && quantity('1k').asInteger() == 1000 && quantity('2e3').asInteger() == 2000",
  "quantity('500m').isLessThan(quantity('1')) && quantity('1Gi').isGreaterThan(quantity('1G'))",
  "quantity('0.5').compareTo(quantity('500m')) == 0 && quantity('-1').sign() == -1 && !quantity('100m').isInteger()",
  "quantity('1').add(quantity('2')).sub(quantity('3')).sign() == 0 && quantity('1500m').asApproximateFloat() == 1.5",
  '[1, 2, 2].isSorted() && ![2, 1].isSorted() && [].isSorted()',
  '[1, 2, 3].sum() == 6 && [3, 1, 2].min() == 1 && [3, 1, 2].max() == 3',
  "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2 && ['a'].indexOf('c') == -1",
  "'abc'.charAt(1) == 'b' && 'abab'.replace('a', 'c') == 'cbcb' && 'abab'.replace('a', 'c', 1) == 'cbab'",
  "'ab1c22'.find('[0-9]+') == '1' && 'ab1c22'.findAll('[0-9]+') == ['1', '22'] && 'x1y2'.findAll('[0-9]', 1) == ['1']",
  "'abc'.reverse() == 'cba' && 'a,b'.split(',').size() == 2 && 'AbC'.lowerAscii() == 'abc'",
  "duration('1m30s') > duration('89s') && duration('1000ms') == duration('1s')",
];

for (const rule of TRUE)
  test(rule, () => {
    assert.equal(compileRule(rule)(null), true);
  });

test('functions that are given nonsense fail the rule, not the process', () => {
  for (const rule of [
    "ip('x').family() == 4",
    "cidr('x').prefixLength() == 1",
    "url('x').getHost() == ''",
    "quantity('x').isInteger()",
    "quantity('1m').asInteger() == 0",
    '[].max() == 1',
    "'a'.charAt(5) == ''",
    "'a'.matches('[')",
  ])
    assert.throws(() => compileRule(rule)(null), rule);
});

test('has() is allowed on any expression', () => {
  const rule = compileRule(
    'has(self.list[0].a) && !has(self.list[0].b) && has(self.list[1].c.d) && has(self.list)',
  );
  assert.equal(rule({ list: [{ a: 1n }, { c: { d: 1n } }] }), true);
  // As in CEL, only the last step may be missing.
  assert.throws(() => rule({ list: [{ a: 1n }, {}] }), /No such key: c/);
  assert.throws(() => compileRule('has(self[0].a)')(['a']), /no field a on a string/);
});

test('a rule that cannot be checked is refused when it is compiled', () => {
  assert.throws(() => compileRule('self == oldSelf'), /oldSelf/);
  assert.throws(() => compileRule('self.noSuchFunction()'));
  assert.throws(() => compileRule('self.a +'));
  assert.throws(() => compileRule("'text'"), /yields string/);
});
