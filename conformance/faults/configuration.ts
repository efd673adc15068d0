// Configuration that changes all the time, is very large, or is broken: what serves goes on serving.
import { readFileSync } from 'node:fs';
import { findEnd } from '../case.ts';
import { Load, USUAL_LOAD } from '../drain/load.ts';
import { renderLoad, summariseLoad } from '../drain/load-summary.ts';
import { Origin } from '../drain/origin.ts';
import { findFreePorts } from '../machine/port.ts';
import type { SuiteContext } from '../suite/suite.ts';
import { gateway, route, service } from '../target/manifest.ts';
import { SluiceDirectory, type Manifest } from '../target/sluice-directory.ts';
import { pause, type Fault, type Finding } from './fault.ts';
import { askOnce, awaitGood, findBadAnswers, median } from './good-client.ts';

const CHURN_MS = 5000;
const CHURN_EVERY_MS = 10;
/** Files that come and go. */
const CHURNED = 20;
const ROUTES = { usual: 20_000, most: 200_000 } as const;
/** The API allows 16 rules with 8 matches each in one object, 128 in all. */
const RULES = 16;
const MATCHES = 8;
const LOOKUPS = 300;
const EFFECT_MS = 120_000;
const MUTATIONS = 40;

interface Lab extends AsyncDisposable {
  readonly sluice: SluiceDirectory;
  readonly port: number;
}

export const configurationChurn: Fault = {
  name: '6 churn',
  sluiceOnly: true,
  async run(context) {
    await using lab = await openLab(context);
    const idle = await underLoad(lab.port, () => pause(2000));
    let changes = 0;
    const busy = await underLoad(lab.port, async () => {
      for (const end = performance.now() + CHURN_MS; performance.now() < end; changes += 1) {
        const name = `churn-${changes % CHURNED}`;
        if (Math.floor(changes / CHURNED) % 2 === 0) lab.sluice.write(name, [strangerRoute(name)]);
        else lab.sluice.remove(name);
        await pause(CHURN_EVERY_MS);
      }
    });
    const idleCloses = busy.idleCloses === 0 ? [] : [`${busy.idleCloses} idle closes`];
    return [
      {
        id: `${Math.round((changes * 1000) / CHURN_MS)} changes a second`,
        wrong: [...busy.reasons, ...idleCloses, ...alive(lab)],
        figures: `${changes} changes; ${renderLoad(busy)}; before them p99 ${idle.p99.toFixed(0)} ms`,
      },
    ];
  },
};

export const manyRoutes: Fault = {
  name: '7 many routes',
  sluiceOnly: true,
  async run(context) {
    const routes = readRoutes(context);
    await using lab = await openLab(context);
    const few = await measureLookups(lab.port, ['/']);
    context.say(`many routes: ${routes} paths`);
    const begin = performance.now();
    lab.sluice.write('many', makeRoutes(routes));
    const last = `/many/${routes - 1}`;
    // Until it is there, the route for everything takes the path: its backend is another one.
    const there = await awaitOther(lab.port, last);
    const took = (performance.now() - begin) / 1000;
    const paths = [0, Math.floor(routes / 2), routes - 1].map((index) => `/many/${index}`);
    const many = await measureLookups(lab.port, paths);
    const reached = await Promise.all([...paths, '/many/none'].map((path) => isOther(lab.port, path)));
    const figures = `${routes} paths in force after ${took.toFixed(1)} s, ${residentMb(lab)} MB resident; median answer ${many.toFixed(1)} ms, with one path ${few.toFixed(1)} ms`;
    return [
      { id: 'come into force', wrong: there ? alive(lab) : [`not within ${EFFECT_MS / 1000} s`], figures },
      {
        id: 'lead where they should',
        wrong: reached.join() === 'true,true,true,false' ? [] : [`reached: ${reached.join()}`],
      },
    ];
  },
};

export const brokenConfiguration: Fault = {
  name: '8 broken files',
  sluiceOnly: true,
  async run(context) {
    await using lab = await openLab(context);
    const good = [
      route('HTTPRoute', 'other', 'web', { hostnames: ['other.example'] }),
      ...service('more', 12, [9]),
    ];
    const text = good.map((manifest) => JSON.stringify(manifest, null, 1)).join('\n---\n');
    const findings: Finding[] = [];
    const load = new Load({ port: lab.port, ...USUAL_LOAD });
    for (let number = 0; number < MUTATIONS; number += 1) {
      lab.sluice.writeText('broken', mutate(text, number));
      await pause(50);
    }
    // The file that serves, cut in the middle of an object: what it held last goes on.
    const own = readFileSync(`${lab.sluice.folder}/base.yaml`, 'utf8');
    for (const share of [0.2, 0.5, 0.9]) {
      lab.sluice.writeText('base', own.slice(0, own.lastIndexOf('":', own.length * share)));
      await pause(100);
    }
    lab.sluice.writeText('base', own);
    const summary = summariseLoad(await load.stop());
    findings.push({
      id: `${MUTATIONS} mutations`,
      wrong: [...summary.reasons, ...alive(lab)],
      figures: renderLoad(summary),
    });
    lab.sluice.write('broken', good);
    findings.push({ id: 'works afterwards', wrong: await findBadAnswers(lab.port, 3) });
    return findings;
  },
};

/** Two backends: all paths lead to the first, those that a fault adds to the second. */
async function openLab({ folder }: SuiteContext): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await Origin.open('a'));
  const second = stack.use(await Origin.open('b'));
  const [port = 0] = await findFreePorts(1);
  const base = [
    ...gateway([{ name: 'http', protocol: 'HTTP', port }]),
    route('HTTPRoute', 'all', 'web'),
    ...service('web', 10, [first.port]),
    ...service('other', 11, [second.port]),
  ];
  const sluice = stack.use(await SluiceDirectory.start({ parent: folder, files: { base } }));
  if ((await awaitGood(port, 5000)) === undefined)
    throw new Error(`it does not serve:\n${sluice.program.log}`);
  const moved = stack.move();
  return { sluice, port, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function underLoad(port: number, work: () => Promise<void>): Promise<ReturnType<typeof summariseLoad>> {
  const load = new Load({ port, ...USUAL_LOAD });
  await work();
  return summariseLoad(await load.stop());
}

function strangerRoute(name: string): Manifest {
  return route('HTTPRoute', name, 'other', { hostnames: [`${name}.example`] });
}

function makeRoutes(count: number): Manifest[] {
  const path = (index: number): object => ({ path: { type: 'Exact', value: `/many/${index}` } });
  const numbers = Array.from({ length: count }, (_, index) => index);
  const perRoute = RULES * MATCHES;
  return Array.from({ length: Math.ceil(count / perRoute) }, (_, object) => {
    const own = numbers.slice(object * perRoute, (object + 1) * perRoute);
    const rules = Array.from({ length: Math.ceil(own.length / MATCHES) }, (_, rule) => ({
      matches: own.slice(rule * MATCHES, (rule + 1) * MATCHES).map(path),
      backendRefs: [{ name: 'other', port: 80 }],
    }));
    const manifest = route('HTTPRoute', `many-${object}`, 'other');
    return { ...manifest, spec: { ...(manifest['spec'] as object), rules } };
  });
}

/** Milliseconds, median. The backend takes 10 of them. */
async function measureLookups(port: number, paths: readonly string[]): Promise<number> {
  const took: number[] = [];
  for (let sent = 0; sent < LOOKUPS; sent += 1)
    took.push((await askOnce(port, paths[sent % paths.length])).took);
  return median(took);
}

async function awaitOther(port: number, path: string): Promise<boolean> {
  for (const end = Date.now() + EFFECT_MS; Date.now() < end; await pause(100))
    if (await isOther(port, path)) return true;
  return false;
}

async function isOther(port: number, path: string): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  return (await response?.text()) === 'b\n';
}

/** Cuts, doubles and bends the text, the same way in every run. */
function mutate(text: string, number: number): string {
  const at = (number * 7919) % text.length;
  const kinds = [
    text.slice(0, at),
    `${text.slice(0, at)}\t\0${text.slice(at)}`,
    text.replaceAll('"web"', `[${number}]`),
    text.replaceAll('"spec"', '"spce"'),
    text.replaceAll(/\d+/g, '-1e400'),
    text.replaceAll('v1', `v${number}`),
    '{"a":'.repeat(5000),
    `a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n${text}`,
  ];
  return kinds[number % kinds.length] ?? '';
}

function readRoutes({ flags }: SuiteContext): number {
  const text = flags['routes'];
  const value = text === undefined ? ROUTES.usual : Number(text);
  if (!Number.isInteger(value) || value < 1 || value > ROUTES.most)
    throw new Error(`--routes takes a whole number from 1 to ${ROUTES.most}, not '${String(text)}'`);
  return value;
}

function residentMb({ sluice }: Lab): string {
  const status = readFileSync(`/proc/${sluice.program.pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024).toFixed(0);
}

function alive({ sluice: { program } }: Lab): string[] {
  return findEnd(program);
}
