// Defaults that the API server computes in Go (pkg/apis/core/v1/defaults.go, pkg/registry/core): one field from another.
import type { KindSchema } from './schema.ts';

type Fields = Record<string, unknown>;

/** Changes an object whose shape has been checked. */
export function complete(kind: KindSchema, value: Fields): void {
  if (kind.kind === 'Service') completeService((value['spec'] ?? {}) as Fields);
  else if (kind.kind === 'Secret') completeSecret(value);
  const metadata = value['metadata'] as Fields;
  if (kind.namespaced) metadata['namespace'] ??= 'default';
}

function completeService(spec: Fields): void {
  const addresses = spec['clusterIPs'] as readonly string[] | undefined;
  if (addresses === undefined && typeof spec['clusterIP'] === 'string' && spec['clusterIP'] !== '')
    spec['clusterIPs'] = [spec['clusterIP']];
  else if (addresses?.[0] !== undefined) spec['clusterIP'] ??= addresses[0];
  for (const port of (spec['ports'] ?? []) as Fields[]) port['targetPort'] ??= port['port'];
}

/** stringData is written into data and never seen again. */
function completeSecret(value: Fields): void {
  const text = value['stringData'] as Readonly<Record<string, string>> | undefined;
  if (text === undefined) return;
  const data: Fields = { ...(value['data'] as Fields | undefined) };
  for (const [key, item] of Object.entries(text)) data[key] = Buffer.from(item).toString('base64');
  value['data'] = data;
  delete value['stringData'];
}
