// Whatever is wrong with the manifest of a Secret: what is reported about it holds none of its content.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { formatFinding } from '../finding.ts';
import { readManifests } from './manifests.ts';

/** Put together: what searches for keys in the repository is not to find one here. */
const PRIVATE = ['PRI', 'VATE'].join('');
/** Long enough that no piece of it appears by chance, short enough to be found when a message is cut. */
const PIECE = 10;
const lines = Array.from({ length: 4 }, () => randomBytes(48).toString('base64'));
const base64 = lines.join('');
const MANIFEST = `apiVersion: v1
kind: Secret
metadata:
  name: web
  namespace: shop
type: kubernetes.io/tls
data:
  tls.crt: ${base64}
  tls.key: ${base64}
stringData:
  ca.crt: |
    -----BEGIN ${PRIVATE} KEY-----
${lines.map((line) => `    ${line}\n`).join('')}    -----END ${PRIVATE} KEY-----
`;

const pieces = new Set<string>();
for (const text of lines)
  for (let at = 0; at + PIECE <= text.length; at++) pieces.add(text.slice(at, at + PIECE));

function check(manifest: string, change: string): number {
  const { findings } = readManifests(manifest, 'secret.yaml');
  const told = findings.map(formatFinding).join('\n');
  for (let at = 0; at + PIECE <= told.length; at++)
    assert.ok(!pieces.has(told.slice(at, at + PIECE)), `${change}: ${told}`);
  return findings.length;
}

test('the manifest as it is has no findings', () => assert.equal(check(MANIFEST, 'unchanged'), 0));

const CHANGES: Readonly<Record<string, (line: string) => string>> = {
  'left out': () => '',
  'indented more': (line) => `  ${line}`,
  'indented less': (line) => line.trimStart(),
  'written twice': (line) => `${line}\n${line}`,
  'with a quote': (line) => `${line.slice(0, -1)}"`,
  'with an opening quote': (line) => line.replace(/: ?/, ': "'),
  'a list': (line) => line.replace(/: ?/, ': ['),
  'an alias': (line) => line.replace(/: ?/, ': *'),
  'an anchor': (line) => line.replace(/: ?/, ': &'),
  'a tag': (line) => line.replace(/: ?/, ': !'),
  'a key': (line) => `${line}:`,
  'with a letter that base64 does not have': (line) => line.replace(/[A-Za-z]$/, '%'),
  'without its name': (line) => line.replace(/^(\s*)[^:]+: /, '$1'),
  'of another type': (line) => line.replace(/: (\S+)$/, ': { a: $1 }'),
};
for (const [name, change] of Object.entries(CHANGES)) {
  test(`a line ${name}`, () => {
    const written = MANIFEST.trimEnd().split('\n');
    const found = written.map((line, index) => check(written.with(index, change(line)).join('\n'), line));
    assert.ok(
      found.some((count) => count > 0),
      'some of the changes are mistakes',
    );
  });
}

test('a manifest that is cut off', () => {
  for (let length = 0; length < MANIFEST.length; length += 7) check(MANIFEST.slice(0, length), `${length}`);
});
