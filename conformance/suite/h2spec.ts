// h2spec: is the gateway an HTTP/2 server by RFC 9113 and RFC 7541? By prior knowledge and over TLS.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readFileSync, rmSync } from 'node:fs';
import { parseJunit } from '../h2spec/junit.ts';
import { makeCertificate } from '../machine/certificate.ts';
import { awaitPort, findFreePorts } from '../machine/port.ts';
import { run } from '../machine/run.ts';
import type { CaseResult } from '../report.ts';
import { buildGoProgram } from '../tool/go-program.ts';
import type { Suite, SuiteContext } from './suite.ts';

const PROGRAM = 'github.com/summerwind/h2spec/cmd/h2spec';
/** Longer than a frame, so that the flow-control cases have something to hold back: without a body they are skipped. */
const BODY = 'h2spec reads this. '.repeat(2000);
const SUITE_MS = 180_000;

interface Way {
  readonly name: string;
  readonly port: number;
  readonly flags: readonly string[];
}

export const h2spec: Suite = {
  name: 'h2spec',
  summary: 'HTTP/2 by the letter: the 145 cases of h2spec, by prior knowledge and over TLS',
  flags: [{ name: 'wait', value: 'S', help: 'seconds that one case waits for an answer (default 2)' }],
  async run(context) {
    const { target, folder, flags } = context;
    const program = buildGoProgram('h2spec', PROGRAM, 'h2spec', context.say);
    target.prepare(context.say);
    const [http = 0, h2c = 0, https = 0] = await findFreePorts(3);
    const ports = { http, h2c: target.onePort ? http : h2c, https };
    const origin = await openOrigin();
    const routes = [
      { prefix: '/', protocol: 'http1' as const, backends: [(origin.address() as AddressInfo).port] },
    ];
    const gateway = target.start({ ports, routes, certificate: makeCertificate(folder), folder });
    try {
      const ways: Way[] = [
        { name: 'h2c', port: ports.h2c, flags: [] },
        { name: 'tls', port: ports.https, flags: ['-t', '-k'] },
      ];
      const cases: CaseResult[] = [];
      for (const way of ways) {
        const wait = String(flags['wait'] ?? 2);
        context.say(`h2spec: ${way.name}, ${wait} s a case at most`);
        await awaitPort(gateway, way.port).catch((error: Error) => {
          cases.push({ id: 'listens', group: way.name, outcome: 'failed', findings: [error.message] });
        });
        if (cases.at(-1)?.id !== 'listens') cases.push(...(await judge(program, way, wait, context)));
        if (!gateway.running)
          cases.push({ id: 'survives', group: way.name, outcome: 'failed', findings: [gateway.log] });
      }
      return { subject: `${target.name} ${target.version()}`, cases, notes: [] };
    } finally {
      await gateway.stop();
      origin.closeAllConnections();
      origin.close();
    }
  },
};

async function judge(program: string, way: Way, wait: string, context: SuiteContext): Promise<CaseResult[]> {
  const report = join(context.folder, `${way.name}.xml`);
  rmSync(report, { force: true });
  const where = ['-h', '127.0.0.1', '-p', String(way.port), '-P', '/h2spec'];
  const ended = await run([program, ...where, '-o', wait, '-j', report, ...way.flags], {
    timeoutMs: SUITE_MS,
    stop: context.stop,
  });
  try {
    return parseJunit(readFileSync(report, 'utf8')).map(({ name, verdict, detail }) => ({
      id: name,
      group: way.name,
      outcome: verdict,
      // A case is skipped when the answer gave it nothing to test: no limit of streams announced, or no body.
      findings:
        verdict === 'skipped'
          ? ['the gateway announced or answered nothing that it could test']
          : detail === ''
            ? []
            : [detail],
    }));
  } catch (error) {
    const words = ended.timedOut
      ? `not done after ${SUITE_MS / 1000} s`
      : `${ended.stdout}\n${ended.stderr}`.trim().split('\n').slice(-3).join('; ');
    return [{ id: 'report', group: way.name, outcome: 'failed', findings: [words, String(error)] }];
  }
}

async function openOrigin(): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume();
    response.end(BODY);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
