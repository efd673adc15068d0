import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformanceHelp, parseConformanceOptions } from './options.ts';
import { SUITES } from './suite/suites.ts';

test('a suite, its target and its form', () => {
  const options = parseConformanceOptions(['http1', '--target', 'nginx', '--json']);
  assert.deepEqual([options?.suite.name, options?.target.name, options?.json], ['http1', 'nginx', true]);
  assert.equal(parseConformanceOptions(['http1'])?.target.name, 'sluice');
  assert.equal(parseConformanceOptions(['-o', 'json', 'http1'])?.json, true);
  assert.equal(parseConformanceOptions(['http1', '-o', 'text'])?.json, false);
  assert.equal(parseConformanceOptions(['--help']), undefined);
});

test('what is wrong is refused by name', () => {
  assert.throws(() => parseConformanceOptions([]), /one suite is needed: http1/);
  assert.throws(() => parseConformanceOptions(['http1', 'websocket']), /one suite is needed/);
  assert.throws(
    () => parseConformanceOptions(['http1', '--target', 'caddy']),
    /no 'caddy'; there are sluice/,
  );
  assert.throws(() => parseConformanceOptions(['http1', '-o', 'xml']), /-o takes text or json/);
  assert.throws(() => parseConformanceOptions(['http1', '--nothing']), /--nothing/);
});

test('the help text names every suite and every flag', () => {
  for (const { name, flags } of SUITES)
    for (const word of [name, ...flags.map((flag) => `--${flag.name}`)])
      assert.ok(conformanceHelp().includes(word), word);
});
