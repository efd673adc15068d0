// TLS: what a listener agrees to, which certificate it shows, whom it lets in, whom it trusts, and what scanners say.
import { judgeCase } from '../case.ts';
import { Origin } from '../drain/origin.ts';
import { makeCertificate } from '../machine/certificate.ts';
import type { CaseResult } from '../report.ts';
import { openTarget } from '../target/open-target.ts';
import { awaitPort } from '../machine/port.ts';
import { Authority } from '../tls/authority.ts';
import { judgeSwap } from '../tls/certificate-swap.ts';
import { judgeGarbage } from '../tls/garbage.ts';
import { judgeCiphers, judgeListener } from '../tls/listener.ts';
import { runSslyze, runTestssl } from '../tls/scanners.ts';
import { judgeSluiceTls } from '../tls/sluice.ts';
import type { Suite, SuiteContext } from './suite.ts';

export const tls: Suite = {
  name: 'tls',
  summary:
    'TLS: versions, ciphers, names, certificates of both sides, passthrough, garbage; sslyze and testssl.sh',
  flags: [{ name: 'no-scanners', help: 'without sslyze and testssl.sh, which take minutes' }],
  async run(context) {
    const { target, folder, say } = context;
    target.prepare(say);
    await using origin = await Origin.open('a');
    const authority = new Authority(folder, 'authority');
    const cases: CaseResult[] = [];
    for (const part of [
      () => judgeFront(context, origin.port),
      () => judgeRsa(context, origin.port),
      () => judgeSwap(context, authority, origin.port),
      () => judgeSluiceTls(context, authority, origin.port),
    ]) {
      cases.push(...(await attempt(part)));
      context.stop.throwIfAborted();
    }
    return { subject: `${target.name} ${target.version()}`, cases, notes: [] };
  },
};

/** A gateway that does not even serve is a failure, and the parts after it still have their say. */
async function attempt(part: () => Promise<CaseResult[]>): Promise<CaseResult[]> {
  try {
    return await part();
  } catch (error) {
    return [judgeCase('tls', 'serves', [error instanceof Error ? error.message : String(error)])];
  }
}

async function judgeFront(context: SuiteContext, backend: number): Promise<CaseResult[]> {
  await using gateway = await openTarget(context, [{ prefix: '/', protocol: 'http1', backends: [backend] }]);
  const { https } = gateway.ports;
  await awaitPort(gateway.program, https);
  context.say('listener: versions, ciphers, groups, tickets, ALPN, garbage');
  const cases = [...(await judgeListener(https)), await judgeGarbage(gateway)];
  if (context.flags['no-scanners'] !== true)
    cases.push(...(await runSslyze(context, https)), ...(await runTestssl(context, https)));
  return cases;
}

/** RSA key exchange is possible only where the certificate has an RSA key. */
async function judgeRsa(context: SuiteContext, backend: number): Promise<CaseResult[]> {
  const routes = [{ prefix: '/', protocol: 'http1' as const, backends: [backend] }];
  await using gateway = await openTarget(context, routes, {
    certificate: makeCertificate(context.folder, 'rsa'),
  });
  await awaitPort(gateway.program, gateway.ports.https);
  return await judgeCiphers(gateway.ports.https, 'RSA');
}
