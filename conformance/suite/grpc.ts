// gRPC through the gateway: the interoperability client and server of grpc-go, and gRPC-Web by requests of our own.
import { judgeInterop, INTEROP_CASES } from '../grpc/interop-output.ts';
import { judgeGrpcWeb } from '../grpc/web.ts';
import { makeCertificate, SERVER_NAME } from '../machine/certificate.ts';
import { awaitPort, findFreePorts } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { run } from '../machine/run.ts';
import type { CaseResult } from '../report.ts';
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
    const gateway = target.start({ ports, routes, certificate, folder });
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
      await awaitPort(gateway, http);
      const cases: CaseResult[] = [];
      for (const way of ways) {
        say(`gRPC interop: ${way.name}`);
        for (const name of INTEROP_CASES) cases.push(await judge(client, name, way, context));
      }
      cases.push(...(await judgeWeb(context, http)));
      if (!gateway.running)
        cases.push({ id: 'survives', group: 'gateway', outcome: 'failed', findings: [gateway.log] });
      return { subject: `${target.name} ${target.version()}`, cases, notes: [] };
    } finally {
      await gateway.stop();
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

/** Peers need a filter or cannot: their configuration here is for gRPC alone. */
async function judgeWeb({ target, say }: SuiteContext, port: number): Promise<CaseResult[]> {
  if (target.name !== 'sluice')
    return [
      { id: 'all', group: 'grpc-web', outcome: 'skipped', findings: [`${target.name} is not set up for it`] },
    ];
  say('gRPC-Web');
  return judgeGrpcWeb(port);
}
