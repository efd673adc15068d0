// Certificates of clients: required, or asked for, by spec.tls.frontend of the Gateway.
import { runCase } from '../case.ts';
import { findFreePorts } from '../machine/port.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { authorityMap, gateway, route, secret, service } from '../target/manifest.ts';
import { SluiceDirectory } from '../target/sluice-directory.ts';
import { Authority } from './authority.ts';
import { findRefusal, type Handshake } from './handshake.ts';

const GROUP = 'clients';

export async function judgeClients(
  context: SuiteContext,
  authority: Authority,
  backend: number,
): Promise<CaseResult[]> {
  const [required = 0, optional = 0] = await findFreePorts(2);
  const trusted = new Authority(context.folder, 'clients');
  const strange = new Authority(context.folder, 'strangers');
  const names = ['DNS:client.example', 'URI:spiffe://example/client'];
  const usage = 'clientAuth' as const;
  const certificates = {
    good: trusted.issue({ names, usage }),
    expired: trusted.issue({ names, usage, days: -1 }),
    'for servers only': trusted.issue({ names, usage: 'serverAuth' }),
    'of another authority': strange.issue({ names, usage }),
  };
  const listener = (name: string, port: number): object => ({
    name,
    protocol: 'HTTPS',
    port,
    tls: { certificateRefs: [{ name: 'front' }] },
  });
  const validation = (mode: string): object => ({
    validation: { mode, caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'clients' }] },
  });
  const frontend = {
    default: validation('AllowValidOnly'),
    perPort: [{ port: optional, tls: validation('AllowInsecureFallback') }],
  };
  await using _ = await SluiceDirectory.start({
    parent: context.folder,
    files: {
      all: [
        ...gateway([listener('required', required), listener('optional', optional)], { tls: { frontend } }),
        secret('front', authority.issue({ names: ['DNS:localhost'] })),
        authorityMap('clients', trusted.certificate),
        route('HTTPRoute', 'all', 'web'),
        ...service('web', 10, [backend]),
      ],
    },
  });
  const admitted = (id: string, handshake: Handshake): Promise<CaseResult> =>
    runCase(GROUP, `${id} is let in`, async () => {
      const refusal = await findRefusal(handshake);
      return refusal === undefined ? [] : [refusal];
    });
  const refused = (id: string, handshake: Handshake): Promise<CaseResult> =>
    runCase(GROUP, `${id} is refused`, async () =>
      (await findRefusal(handshake)) === undefined ? ['it was answered 2xx'] : [],
    );
  const { good, ...bad } = certificates;
  const versions = ['TLSv1.2', 'TLSv1.3'] as const;
  return await Promise.all([
    ...versions.flatMap((version) => {
      const options = { minVersion: version, maxVersion: version };
      return [
        admitted(`required, ${version}: a good one`, { port: required, certificate: good, options }),
        refused(`required, ${version}: none`, { port: required, options }),
        ...Object.entries(bad).map(([id, certificate]) =>
          refused(`required, ${version}: one ${id}`, { port: required, certificate, options }),
        ),
      ];
    }),
    admitted('optional: a good one', { port: optional, certificate: good }),
    admitted('optional: none', { port: optional }),
  ]);
}
