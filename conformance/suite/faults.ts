// Faults of the world around a gateway, brought about one by one.
import { judgeCrash } from '../drain/crash.ts';
import { Origin } from '../drain/origin.ts';
import { judgeReload } from '../drain/reload.ts';
import { judgeStop } from '../drain/stop.ts';
import { judgeUpgrade } from '../drain/upgrade.ts';
import { allBackendsDown, backendCrash, backendHangs, tornAnswers } from '../faults/backends.ts';
import { halfClose, largeHeads, slowClients } from '../faults/clients.ts';
import { clockJump } from '../faults/clock.ts';
import { brokenConfiguration, configurationChurn, manyRoutes } from '../faults/configuration.ts';
import { findingsOf, runFault, type Fault } from '../faults/fault.ts';
import { http2Floods } from '../faults/floods.ts';
import { fewDescriptors, fullDisk, littleCpu, littleMemory } from '../faults/shortage.ts';
import type { CaseResult } from '../report.ts';
import { Authority } from '../tls/authority.ts';
import { judgeSwap } from '../tls/certificate-swap.ts';
import type { Suite } from './suite.ts';

const FEW_RELOADS = 4;

/** By the numbers of the list that they come from; those that concern no proxy are not in it. */
const FAULTS: readonly Fault[] = [
  { name: '2 worker crash', run: async (context) => findingsOf(await judgeCrash(context)) },
  { name: '3 stop', run: async (context) => findingsOf(await judgeStop(context)) },
  { name: '4 reload', run: async (context) => findingsOf(await judgeReload(context, FEW_RELOADS)) },
  { name: '5 upgrade', run: async (context) => findingsOf(await judgeUpgrade(context)) },
  configurationChurn,
  manyRoutes,
  brokenConfiguration,
  backendCrash,
  allBackendsDown,
  backendHangs,
  tornAnswers,
  {
    name: '15 certificates',
    async run(context) {
      await using origin = await Origin.open('a');
      return findingsOf(await judgeSwap(context, new Authority(context.folder, 'authority'), origin.port));
    },
  },
  clockJump,
  fewDescriptors,
  littleMemory,
  littleCpu,
  slowClients,
  http2Floods,
  largeHeads,
  halfClose,
  fullDisk,
  {
    name: '29 DNS failure',
    run: () =>
      Promise.resolve([
        {
          id: 'all',
          wrong: [],
          skipped: 'no name is resolved: endpoints are addresses in every gateway here',
        },
      ]),
  },
];

export const faults: Suite = {
  name: 'faults',
  summary: 'faults of backends, clients, configuration and the machine, one by one',
  flags: [
    {
      name: 'only',
      value: 'N,N',
      help: `of ${FAULTS.map(({ name }) => Number.parseInt(name, 10)).join(', ')}`,
    },
    { name: 'routes', value: 'N', help: 'paths in fault 7 (default 20000)' },
  ],
  async run(context) {
    const chosen = choose(context.flags['only']);
    context.target.prepare(context.say);
    const cases: CaseResult[] = [];
    const notes: string[] = [];
    for (const fault of chosen) {
      context.say(`fault ${fault.name}`);
      const results = await runFault(fault, context);
      cases.push(...results);
      for (const { id, outcome, findings } of results)
        if (outcome === 'passed' && findings.length > 0)
          notes.push(`${fault.name}, ${id}: ${findings.join('; ')}`);
      context.stop.throwIfAborted();
    }
    return { subject: `${context.target.name} ${context.target.version()}`, cases, notes };
  },
};

/** Throws when a number is not in the list. */
export function choose(only: string | boolean | undefined): readonly Fault[] {
  if (typeof only !== 'string') return FAULTS;
  return only.split(',').map((number) => {
    const fault = FAULTS.find(({ name }) => name.startsWith(`${number} `));
    if (fault === undefined) throw new Error(`--only: no fault '${number}'; see --help`);
    return fault;
  });
}
