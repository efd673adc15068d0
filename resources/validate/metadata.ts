// Names, labels and annotations (k8s.io/apimachinery/pkg/api/validation): rules that no schema carries.
import type { Problem, Step } from './problem.ts';
import { show } from './problem.ts';
import type { KindSchema } from './schema.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_TEXT = "lower case letters, digits and '-', starting and ending with a letter or digit";
const MAX_ANNOTATIONS = 256 * 1024;
/** Kinds whose names become a part of DNS names; all others are DNS subdomains. */
const LABEL_NAMES = ['Service', 'Namespace'];

/** Checks metadata whose shape has been checked. */
export function checkMetadata(
  kind: KindSchema,
  metadata: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const { name, namespace } = metadata;
  const report = (path: readonly Step[], message: string, mend?: string): void => {
    problems.push({
      code: 'SLU0111',
      path: ['metadata', ...path],
      message,
      ...(mend === undefined ? {} : { mend }),
    });
  };
  if (name === undefined) {
    problems.push(
      metadata['generateName'] === undefined
        ? { code: 'SLU0105', path: ['metadata', 'name'], message: 'required', mend: 'add metadata.name' }
        : {
            code: 'SLU0105',
            path: ['metadata', 'generateName'],
            message: 'only the API server generates names',
            mend: 'write metadata.name instead',
          },
    );
  } else if (LABEL_NAMES.includes(kind.kind)) {
    if (!isLabel(name)) report(['name'], `must be at most 63 ${LABEL_TEXT}, not ${show(name)}`);
  } else if (!isSubdomain(name)) {
    report(['name'], `must be at most 253 ${LABEL_TEXT}, in parts divided by '.', not ${show(name)}`);
  }
  if (namespace !== undefined && !kind.namespaced)
    report(['namespace'], `${kind.kind} stands outside of namespaces`, 'remove metadata.namespace');
  else if (namespace !== undefined && !isLabel(namespace))
    report(['namespace'], `must be at most 63 ${LABEL_TEXT}, not ${show(namespace)}`);
  checkLabels(metadata, report);
  checkAnnotations(metadata, report);
  return problems;
}

type Report = (path: readonly Step[], message: string, mend?: string) => void;

function checkLabels(metadata: Readonly<Record<string, unknown>>, report: Report): void {
  for (const [key, value] of Object.entries((metadata['labels'] ?? {}) as Record<string, string>)) {
    if (!isQualifiedName(key))
      report(
        ['labels', key],
        'the key must be a name of at most 63 characters, with an optional DNS prefix and "/"',
      );
    if (value !== '' && (value.length > 63 || !QUALIFIED.test(value)))
      report(['labels', key], `must be at most 63 letters, digits, '-', '_' or '.', not ${show(value)}`);
  }
}

function checkAnnotations(metadata: Readonly<Record<string, unknown>>, report: Report): void {
  let total = 0;
  for (const [key, value] of Object.entries((metadata['annotations'] ?? {}) as Record<string, string>)) {
    total += Buffer.byteLength(key) + Buffer.byteLength(value);
    // Annotations are compared without regard to case, as in Kubernetes.
    if (!isQualifiedName(key.toLowerCase()))
      report(
        ['annotations', key],
        'the key must be a name of at most 63 characters, with an optional DNS prefix and "/"',
      );
  }
  if (total > MAX_ANNOTATIONS)
    report(['annotations'], `must have at most ${MAX_ANNOTATIONS} bytes, has ${total}`);
}

function isLabel(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 63 && LABEL.test(value);
}

function isSubdomain(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 253 && SUBDOMAIN.test(value);
}

function isQualifiedName(key: string): boolean {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2 || name.length > 63 || !QUALIFIED.test(name)) return false;
  return parts.length === 1 || isSubdomain(parts[0]);
}
