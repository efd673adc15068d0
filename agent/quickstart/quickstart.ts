// The quick start: two backend versions, Sluice, a client in a cgroup of its own, a live table; everything is taken down at the end.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCgroupMount } from '#agent/check/environment';
import type { RunEvent } from '#agent/run/run-event';
import { formatFinding } from '#resources/finding';
import { Cgroup } from './cgroup.ts';
import { Child } from './child.ts';
import type { ClientPlan, ClientReport } from './client-message.ts';
import type { QuickstartOptions } from './options.ts';
import { SluiceProcess } from './sluice.ts';
import { Table } from './table.ts';
import { Tally, type Summary } from './tally.ts';
import { messageOf } from '../error-message.ts';

/** As in examples/canary. */
const GATEWAY = 'http://127.0.0.1:18080';
const SERVICE = 'http://10.96.0.80';
const BACKENDS = [
  ['v1', '18081'],
  ['v2', '18082'],
] as const;
const CONCURRENCY = 16;
const DRAW_EVERY_MS = 1000;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** `stop` aborts an open-ended run. Throws when a part cannot start; whatever had started is gone by then. */
export async function runQuickstart(options: QuickstartOptions, stop: AbortSignal): Promise<Summary> {
  await using stack = new AsyncDisposableStack();
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);

  for (const [version, port] of BACKENDS) {
    const backend = own(stack, new Child(`backend ${version}`, script('backend.ts'), [version, port]));
    const answer = await backend.message<{ error?: string }>();
    if (answer.error !== undefined)
      throw new Error(`backend ${version}: ${answer.error}. Mend: free port ${port}.`);
    tell(`backend ${version} serves on 127.0.0.1:${port}`);
  }

  const mount = findCgroupMount();
  const cgroup = mount === undefined ? undefined : tryCgroup(mount, tell);
  if (cgroup !== undefined) stack.defer(() => cgroup.remove());
  const sluice = await SluiceProcess.start(options.directory, cgroup?.path, (event) =>
    tellEvent(event, tell),
  );
  own(stack, sluice.child);
  const { datapath } = sluice.ready;
  tell(
    datapath.active ? `sluice steers ${datapath.cgroup}` : `sluice runs the proxy alone: ${datapath.reason}`,
  );

  const client = own(stack, new Child('client', script('client.ts'), []));
  if (datapath.active) cgroup?.add(client.pid);
  const targets = datapath.active ? [GATEWAY, SERVICE] : [GATEWAY];
  tell(`client calls ${targets.join(' and ')}`);
  const bounded = options.requests > 0;
  const plan: ClientPlan = {
    targets,
    concurrency: CONCURRENCY,
    requests: options.requests,
    rate: bounded ? 0 : options.rate,
  };
  return await drive(options, plan, client, sluice, stop);
}

async function drive(
  options: QuickstartOptions,
  plan: ClientPlan,
  client: Child,
  sluice: SluiceProcess,
  stop: AbortSignal,
): Promise<Summary> {
  const tally = new Tally();
  const table = options.json ? undefined : new Table(process.stdout);
  const edit = findEdit(options.directory);
  let before = 0;
  let redirected = 0;
  const done = new Promise<void>((resolve) => {
    client.process.on('message', (report: ClientReport) => {
      tally.add(report);
      if (report.done === true) resolve();
    });
  });
  client.send(plan);
  const draw = async (): Promise<void> => {
    redirected = await sluice.connectionsRedirected().catch(() => redirected);
    const perSecond = ((tally.requests - before) * 1000) / DRAW_EVERY_MS;
    before = tally.requests;
    const kernel = sluice.ready.datapath.active ? `${redirected} connections redirected` : 'not steering';
    table?.draw({ summary: tally.summary(redirected), perSecond, reason: tally.reason, kernel, edit });
  };
  const timer = setInterval(() => void draw(), DRAW_EVERY_MS);
  const tellStop = (): void => client.send({ stop: true });
  stop.addEventListener('abort', tellStop, { once: true });
  if (stop.aborted) tellStop();
  const lost = await Promise.race([
    done,
    client.exited.then((code) => `the client ended with code ${code}`),
    sluice.child.exited.then((code) => `sluice run ended with code ${code} while the client was running`),
  ]);
  clearInterval(timer);
  if (lost !== undefined) throw new Error(lost);
  await draw();
  return tally.summary(redirected);
}

function own(stack: AsyncDisposableStack, child: Child): Child {
  stack.defer(() => child.stop());
  return child;
}

function tryCgroup(mount: string, tell: (line: string) => void): Cgroup | undefined {
  try {
    return Cgroup.create(mount);
  } catch (error) {
    tell(`no cgroup for the client (${messageOf(error)}): the kernel will not steer`);
    return undefined;
  }
}

function tellEvent(event: RunEvent, tell: (line: string) => void): void {
  if (event.event === 'applied')
    tell(`revision ${event.revision} serves (${event.milliseconds.toFixed(1)} ms)`);
  else if (event.event === 'finding') tell(formatFinding(event.finding));
}

/** The place of the canary's weight: the last `weight:` of httproute.yaml. */
function findEdit(directory: string): string {
  const file = join(directory, 'httproute.yaml');
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findLastIndex((line) => /^\s*weight:/.test(line));
  return `edit ${relative(process.cwd(), file)}:${at + 1}  ${(lines[at] ?? '').trim()}`;
}
