// HTTP attacks and correctness: raw bytes to the gateway, and a strict look at what reached the backend.
import { loadCorpus, type Family } from '../corpus/corpus.ts';
import { isAlive, type Front } from '../http1/front.ts';
import { Recorder } from '../http1/recorder.ts';
import { runCorpus } from '../http1/run-corpus.ts';
import { makeCertificate } from '../machine/certificate.ts';
import { countCases, type CaseResult, type SuiteReport } from '../report.ts';
import { openTarget } from '../target/open-target.ts';
import { ownPort, portFlag } from './front-flags.ts';
import type { FlagValues, Suite, SuiteContext } from './suite.ts';

/** Where a gateway that was started by somebody else finds the backend, unless told. */
const BACKEND_PORT = 24_001;

export const http1: Suite = {
  name: 'http1',
  summary: 'attacks on and correctness of HTTP/1.1, HTTP/2 and TLS: raw bytes from client and backend',
  flags: [
    { name: 'only', value: 'A,B', help: 'only these families: te, cl, chunk, reqline, host, ...' },
    {
      name: 'corpus',
      value: 'NAME',
      help: 'open: the 259 cases that other proxies were scored with; own: ours; default both',
    },
    { name: 'port', value: 'N', help: 'judge a gateway that runs already, at this port of 127.0.0.1' },
    { name: 'port-h2c', value: 'N', help: 'its port for HTTP/2; - skips these cases, of any gateway' },
    { name: 'port-tls', value: 'N', help: 'its port for TLS; - skips these cases, of any gateway' },
    { name: 'backend-port', value: 'N', help: `where it sends every path to, default ${BACKEND_PORT}` },
  ],
  async run(context) {
    const chosen = chooseFamilies(context.flags);
    const running = portFlag(context.flags, 'port');
    return running === undefined ? judgeTarget(context, chosen) : judgeRunning(context, chosen, running);
  },
};

interface Chosen {
  readonly open: readonly Family[];
  readonly own: readonly Family[];
}

/** Starts the gateway. */
async function judgeTarget(context: SuiteContext, chosen: Chosen): Promise<SuiteReport> {
  const { target, folder, say, flags } = context;
  target.prepare(say);
  const recorder = await Recorder.open(0);
  try {
    const routes = [{ prefix: '/', protocol: 'http1' as const, backends: [recorder.port] }];
    // RSA, so that the weak ciphers are within reach of a gateway that takes them.
    const certificate = makeCertificate(folder, 'rsa');
    await using gateway = await openTarget(context, routes, { certificate });
    const { ports, program } = gateway;
    say(`${target.version()} on port ${ports.http}`);
    const front: Front = {
      host: '127.0.0.1',
      http: ports.http,
      h2c: flags['port-h2c'] === '-' ? undefined : ports.h2c,
      tls: flags['port-tls'] === '-' ? undefined : ports.https,
    };
    const report = await judge(context, chosen, front, recorder, target.version());
    if (!program.running) throw new Error(`${target.name} ended; it wrote:\n${program.log}`);
    return report;
  } finally {
    await recorder.close();
  }
}

async function judgeRunning(context: SuiteContext, chosen: Chosen, http: number): Promise<SuiteReport> {
  const { flags } = context;
  const recorder = await Recorder.open(portFlag(flags, 'backend-port') ?? BACKEND_PORT);
  try {
    const front = {
      host: '127.0.0.1',
      http,
      h2c: ownPort(flags, 'port-h2c'),
      tls: ownPort(flags, 'port-tls'),
    };
    return await judge(context, chosen, front, recorder, `the gateway at port ${http}`);
  } finally {
    await recorder.close();
  }
}

async function judge(
  { stop, say }: SuiteContext,
  { open, own }: Chosen,
  front: Front,
  recorder: Recorder,
  subject: string,
): Promise<SuiteReport> {
  if (!(await isAlive(front)))
    throw new Error(
      `${subject} does not answer 200 on port ${front.http}. Mend: let every path of it lead to 127.0.0.1:${recorder.port}`,
    );
  const begin = Date.now();
  const run = { front, recorder, stop, say };
  const ofOpen = await runCorpus({ ...run, families: open });
  const ofOwn = own.length === 0 ? [] : await runCorpus({ ...run, families: own });
  const notes = [
    ...(open.length > 0 ? [`open corpus: ${summarize(ofOpen)}`] : []),
    ...(own.length > 0 ? [`own cases: ${summarize(ofOwn)}`] : []),
    `${((Date.now() - begin) / 1000).toFixed(1)} s`,
  ];
  return { subject, cases: [...ofOpen, ...ofOwn], notes };
}

function summarize(cases: readonly CaseResult[]): string {
  const { passed, failed, skipped, unsafe } = countCases(cases);
  return `${passed} of ${cases.length} passed, ${failed} failed (${unsafe} unsafe), ${skipped} skipped`;
}

function chooseFamilies({ only, corpus }: FlagValues): Chosen {
  if (corpus !== undefined && corpus !== 'open' && corpus !== 'own')
    throw new Error(`--corpus takes open or own, not '${String(corpus)}'`);
  const names = typeof only === 'string' ? only.split(',').filter((name) => name !== '') : undefined;
  const load = (which: 'open' | 'own'): readonly Family[] =>
    corpus === undefined || corpus === which ? loadCorpus(which) : [];
  const all = { open: load('open'), own: load('own') };
  const known = [...all.open, ...all.own].map(({ family }) => family);
  const unknown = names?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`--only: no '${unknown.join(', ')}'; there are ${known.join(', ')}`);
  const chosen = (families: readonly Family[]): readonly Family[] =>
    families.filter(({ family }) => names?.includes(family) !== false);
  return { open: chosen(all.open), own: chosen(all.own) };
}
