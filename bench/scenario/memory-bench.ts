// What the parts of the memory bench share: the origin, and how Sluice is started.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { awaitAnswer } from '../machine/await-answer.ts';
import { findFreePort } from '../machine/port.ts';
import type { Program } from '../machine/program.ts';
import { startSluiceWithRoutes, type RoutesSetting } from '../proxy/sluice-routes.ts';
import type { ScenarioContext } from './scenario.ts';

const PROXY_CORE = 0;
export const LOAD_CORE = 1;
/** For garbage to be collected and pages to be given back. */
const SETTLE_MS = 3000;
/** To read a directory of 100,000 objects. */
const READY_MS = 900_000;

export interface MemoryBench {
  readonly context: ScenarioContext;
  readonly folder: string;
  readonly originPort: number;
}

interface Served {
  readonly program: Program;
  readonly port: number;
}

/** Ready to serve; `stack` ends it. */
export async function serve(
  stack: AsyncDisposableStack,
  { folder, originPort, context }: MemoryBench,
  setting: Pick<RoutesSetting, 'routes' | 'catchAll' | 'flags' | 'connections'>,
): Promise<Served> {
  const [port, adminPort] = [await findFreePort(), await findFreePort()];
  const own = join(folder, `sluice-${port}`);
  mkdirSync(own);
  context.say(`starting sluice with ${setting.routes} routes`);
  const program = startSluiceWithRoutes({
    ...setting,
    port,
    adminPort,
    originPort,
    folder: own,
    core: PROXY_CORE,
  });
  stack.defer(() => program.stop());
  await awaitAnswer(program, `http://127.0.0.1:${adminPort}/readyz`, READY_MS);
  return { program, port };
}

export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
