// A gateway started for a suite, on ports of its own, and ended with it.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../machine/certificate.ts';
import { awaitPort, findFreePorts } from '../machine/port.ts';
import type { Program } from '../machine/program.ts';
import type { SuiteContext } from '../suite/suite.ts';
import type { FrontPorts, TargetRoute, TargetSetting } from './target.ts';

const SETTLE_MS = 300;

export interface OpenTarget extends AsyncDisposable {
  readonly setting: TargetSetting;
  readonly ports: FrontPorts;
  readonly program: Program;
}

/** Resolves when it takes connections on its plain port. Throws with the end of its log when it does not. */
export async function openTarget(
  { target, folder: parent }: SuiteContext,
  routes: readonly TargetRoute[],
  more: Partial<Omit<TargetSetting, 'ports' | 'routes' | 'folder'>> = {},
): Promise<OpenTarget> {
  const folder = mkdtempSync(join(parent, `${target.name}-`));
  const [http = 0, h2c = 0, https = 0] = await findFreePorts(3);
  const ports = { http, h2c: target.onePort ? http : h2c, https };
  const setting = { ports, routes, certificate: makeCertificate(folder), folder, ...more };
  const program = target.start(setting);
  try {
    await awaitPort(program, http);
    // A master that has just started its workers may miss a signal (HAProxy does), and would seem to ignore it for good.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { setting, ports, program, [Symbol.asyncDispose]: () => program.stop() };
}
