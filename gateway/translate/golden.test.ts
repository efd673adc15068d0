// Every testdata/*.in.yaml is translated and compared with its .out.yaml: Snapshot, findings and statuses.
// UPDATE_GOLDEN=1 writes the .out.yaml files anew; read the difference before you commit it.
// Certificates and keys are made for each run: see written-certificates.ts. No output may hold any of a key.
// GatewayClass `sluice` is implied, so that cases hold only what they are about.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Document, isMap, visit } from 'yaml';
import { formatFinding } from '#resources/finding';
import { readManifests } from '#resources/source/manifests';
import { WrittenCertificates } from '../certificate/testbed/written-certificates.ts';
import { enableLinearRegexEngine } from '../regex-engine.ts';
import { translate } from './translate.ts';

const DIRECTORY = join(import.meta.dirname, 'testdata');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
/** Maps with one of these keys are written on one line. */
const ON_ONE_LINE = ['observedGeneration', 'weight', 'path', 'address'];

enableLinearRegexEngine();

const cases = readdirSync(DIRECTORY).filter((file) => file.endsWith('.in.yaml'));

test('there are golden files, and each output has its input', () => {
  assert.ok(cases.length > 0);
  const outputs = readdirSync(DIRECTORY).filter((file) => file.endsWith('.out.yaml'));
  const expected = cases.map((file) => file.replace('.in.yaml', '.out.yaml'));
  if (!UPDATE) assert.deepEqual(outputs, expected);
});

for (const file of cases) {
  test(file.replace('.in.yaml', '').replaceAll('-', ' '), () => {
    const actual = translateGolden(readFileSync(join(DIRECTORY, file), 'utf8'), file);
    const output = join(DIRECTORY, file.replace('.in.yaml', '.out.yaml'));
    if (UPDATE) writeFileSync(output, actual);
    assert.equal(actual, readFileSync(output, 'utf8'));
  });
}

function translateGolden(text: string, file: string): string {
  const certificates = new WrittenCertificates();
  const { resources, findings } = readManifests(certificates.fill(text), file);
  assert.deepEqual(findings.map(formatFinding), [], 'golden inputs are valid resources');
  const options = {
    controllerName: 'sluice.dev/gateway-controller',
    previousRevision: 0,
    impliedClass: 'sluice',
    now: Date.now(),
  };
  const translation = translate(resources, options);
  assert.deepEqual(structuredClone(translation.snapshot), translation.snapshot);
  assert.ok(Object.isFrozen(translation.snapshot.ports));
  const output = format(
    certificates.nameIn({ ...translation, findings: translation.findings.map(formatFinding) }),
  );
  for (const piece of certificates.keyPieces()) assert.ok(!output.includes(piece), 'a key is shown');
  return output;
}

function format(value: object): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Map(_key, node) {
      if (isMap(node) && ON_ONE_LINE.some((key) => node.has(key))) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
