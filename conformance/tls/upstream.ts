// TLS to backends by BackendTLSPolicy: only the one whose name and authority are right is spoken to.
import { judgeCase } from '../case.ts';
import { findFreePorts } from '../machine/port.ts';
import type { Certificate } from '../machine/certificate.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { authorityMap, backendTls, gateway, route, service } from '../target/manifest.ts';
import { SluiceDirectory, type Manifest } from '../target/sluice-directory.ts';
import { Authority } from './authority.ts';
import { HttpsBackend } from './https-backend.ts';

const GROUP = 'upstream';
const ID = 'spiffe://example/backend';
const HOST = 'backend.example';

interface Backend {
  readonly name: string;
  readonly certificate: Certificate;
  /** More of the policy's validation. */
  readonly validation?: object;
  readonly right: boolean;
}

export async function judgeUpstream(context: SuiteContext): Promise<CaseResult[]> {
  const trusted = new Authority(context.folder, 'backends');
  const strange = new Authority(context.folder, 'other-backends');
  const dns = [`DNS:${HOST}`];
  const uri = (value: string): object => ({ subjectAltNames: [{ type: 'URI', uri: value }] });
  const good = trusted.issue({ names: dns });
  const backends: Backend[] = [
    { name: 'right-name', certificate: good, right: true },
    { name: 'wrong-name', certificate: trusted.issue({ names: ['DNS:other.example'] }), right: false },
    { name: 'expired', certificate: trusted.issue({ names: dns, days: -1 }), right: false },
    { name: 'unknown-authority', certificate: strange.issue({ names: dns }), right: false },
    {
      name: 'for-clients-only',
      certificate: trusted.issue({ names: dns, usage: 'clientAuth' }),
      right: false,
    },
    {
      name: 'right-uri',
      certificate: trusted.issue({ names: [`URI:${ID}`] }),
      validation: uri(ID),
      right: true,
    },
    {
      name: 'wrong-uri',
      certificate: trusted.issue({ names: [`URI:${ID}/x`] }),
      validation: uri(ID),
      right: false,
    },
    { name: 'uri-wanted-dns-there', certificate: good, validation: uri(ID), right: false },
    {
      name: 'uri-as-dns',
      certificate: trusted.issue({ names: [`DNS:${ID.slice(9)}`] }),
      validation: uri(ID),
      right: false,
    },
  ];
  await using stack = new AsyncDisposableStack();
  const reached = new Set<string>();
  const [port = 0] = await findFreePorts(1);
  const manifests: Manifest[] = [authorityMap('backends', trusted.certificate)];
  for (const [index, backend] of backends.entries()) {
    const note = (): void => void reached.add(backend.name);
    const server = stack.use(await HttpsBackend.open(backend.certificate, 'here\n', note));
    manifests.push(...describeBackend(backend, index, server.port));
  }
  stack.use(
    await SluiceDirectory.start({
      parent: context.folder,
      files: { all: [...gateway([{ name: 'http', protocol: 'HTTP', port }]), ...manifests] },
    }),
  );
  return await Promise.all(backends.map((backend) => judge(port, backend, reached)));
}

async function judge(
  port: number,
  { name, right }: Backend,
  reached: ReadonlySet<string>,
): Promise<CaseResult> {
  const id = `${name} is ${right ? 'spoken to' : 'refused'}`;
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/${name}`, {
      signal: AbortSignal.timeout(10_000),
    });
    const wrong = right
      ? status === 200
        ? []
        : [`status ${status}`]
      : [
          ...(reached.has(name) ? ['the request reached it'] : []),
          ...(status === 502 || status === 503 ? [] : [`status ${status}, not 502 or 503`]),
        ];
    return judgeCase(GROUP, id, wrong);
  } catch (error) {
    return judgeCase(GROUP, id, [String(error)]);
  }
}

function describeBackend({ name, validation = {} }: Backend, index: number, port: number): Manifest[] {
  const matches = [{ path: { type: 'PathPrefix', value: `/${name}` } }];
  const caCertificateRefs = [{ group: '', kind: 'ConfigMap', name: 'backends' }];
  return [
    route('HTTPRoute', name, name, { rule: { matches } }),
    ...service(name, 20 + index, [port]),
    backendTls(name, { hostname: HOST, caCertificateRefs, ...validation }),
  ];
}
