// Change without loss: configuration changes, stops, crashes and upgrades, all under load.
import { judgeCrash } from '../drain/crash.ts';
import { judgeReload } from '../drain/reload.ts';
import { judgeStop } from '../drain/stop.ts';
import { judgeUpgrade } from '../drain/upgrade.ts';
import type { CaseResult } from '../report.ts';
import type { FlagValues, Suite } from './suite.ts';

const USUAL_RELOADS = 40;
const MOST_RELOADS = 10_000;

export const drain: Suite = {
  name: 'drain',
  summary:
    'change without loss: reload and binary upgrade under load, stop with requests in flight, crash of a worker',
  flags: [
    { name: 'reloads', value: 'N', help: `configuration changes under load (default ${USUAL_RELOADS})` },
  ],
  async run(context) {
    const reloads = readCount(context.flags, 'reloads', USUAL_RELOADS);
    context.target.prepare(context.say);
    const cases: CaseResult[] = [];
    const parts = [() => judgeReload(context, reloads), judgeStop, judgeCrash, judgeUpgrade];
    for (const judge of parts) {
      cases.push(...(await judge(context)));
      context.stop.throwIfAborted();
    }
    const { target } = context;
    const figures = cases
      .filter(({ outcome, findings }) => outcome === 'passed' && findings.length > 0)
      .map(({ group, id, findings }) => `${group} ${id}: ${findings.join('; ')}`);
    return { subject: `${target.name} ${target.version()}`, cases, notes: figures };
  },
};

function readCount(flags: FlagValues, name: string, usual: number): number {
  const text = flags[name];
  if (text === undefined) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOST_RELOADS)
    throw new Error(`--${name} takes a whole number from 1 to ${MOST_RELOADS}, not '${text}'`);
  return value;
}
