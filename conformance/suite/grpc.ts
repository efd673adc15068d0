// gRPC through the gateway: the interoperability client and server of grpc-go, and gRPC-Web by requests of our own.
import { findEnd, judgeCase, skipCase } from '../case.ts';
import { judgeInterop, INTEROP_CASES } from '../grpc/interop-output.ts';
import { judgeGrpcWeb } from '../grpc/web.ts';
import { makeCertificate, SERVER_NAME } from '../machine/certificate.ts';
import { awaitPort, findFreePorts } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { run } from '../machine/run.ts';
import type { CaseResult } from '../report.ts';
import { gateway, route, service } from '../target/manifest.ts';
import { SluiceDirectory } from '../target/sluice-directory.ts';
import { buildGoProgram } from '../tool/go-program.ts';
import type { Suite, SuiteContext } from './suite.ts';

const CLIENT = 'google.golang.org/grpc/interop/client';
const SERVICES = ['/grpc.testing.TestService/', '/grpc.testing.UnimplementedService/'];
const CASE_MS = 20_000;
const SOAK = ['-soak_iterations=200', '-soak_overall_timeout_seconds=15'];

interface Way {
  readonly name: string;
  readonly port: number;
  readonly flags: readonly string[];
}

export const grpc: Suite = {
  name: 'grpc',
  summary: 'gRPC: 15 cases of grpc-go by prior knowledge and over TLS, and gRPC-Web',
  flags: [],
  async run(context) {
    const { target, folder, say } = context;
    const client = buildGoProgram('interop', CLIENT, 'grpc-interop-client', say);
    const server = buildGoProgram('interop', '.', 'grpc-interop-server', say);
    target.prepare(say);
    const [http = 0, h2c = 0, https = 0, backend = 0] = await findFreePorts(4);
    const ports = { http, h2c: target.onePort ? http : h2c, https };
    const certificate = makeCertificate(folder);
    const routes = ['/', ...SERVICES].map((prefix) => ({
      prefix,
      protocol: 'h2c' as const,
      backends: [backend],
    }));
    const origin = new Program('the interop server', [server, String(backend)]);
    const judged = target.start({ ports, routes, certificate, folder });
    const ways: Way[] = [
      { name: 'h2c', port: ports.h2c, flags: [] },
      {
        name: 'tls',
        port: https,
        flags: [
          '-use_tls',
          '-use_test_ca',
          '-ca_file',
          certificate.certificate,
          '-server_host_override',
          SERVER_NAME,
        ],
      },
    ];
    try {
      await awaitPort(origin, backend);
      await awaitPort(judged, http);
      const cases: CaseResult[] = [];
      for (const way of ways) {
        say(`gRPC interop: ${way.name}`);
        for (const name of INTEROP_CASES) cases.push(await judge(client, name, way, context));
      }
      cases.push(...(await judgeWeb(context, backend)));
      const end = findEnd(judged);
      if (end.length > 0) cases.push(judgeCase('gateway', 'survives', end));
      return { subject: `${target.name} ${target.version()}`, cases, notes: [] };
    } finally {
      await judged.stop();
      await origin.stop();
    }
  },
};

async function judge(client: string, name: string, way: Way, { stop }: SuiteContext): Promise<CaseResult> {
  const where = ['-server_host', '127.0.0.1', '-server_port', String(way.port), '-test_case', name];
  const soak = name === 'rpc_soak' ? SOAK : [];
  return judgeInterop(
    name,
    way.name,
    await run([client, ...where, ...soak, ...way.flags], { timeoutMs: CASE_MS, stop }),
  );
}

/** Through a GRPCRoute, as a mesh has it. Peers need a filter or cannot: they are set up for gRPC alone. */
async function judgeWeb({ target, folder, say }: SuiteContext, backend: number): Promise<CaseResult[]> {
  if (target.name !== 'sluice') return [skipCase('grpc-web', 'all', `${target.name} is not set up for it`)];
  say('gRPC-Web');
  const [port = 0] = await findFreePorts(1);
  const all = [
    ...gateway([{ name: 'http', protocol: 'HTTP', port }]),
    route('GRPCRoute', 'all', 'calls'),
    ...service('calls', 10, [backend], 'kubernetes.io/h2c'),
  ];
  await using _ = await SluiceDirectory.start({ parent: folder, files: { all } });
  return await judgeGrpcWeb(port);
}
