// What the Gateway API asks of TLS, set up by its resources: for Sluice alone.
import { skipCase } from '../case.ts';
import type { CaseResult } from '../report.ts';
import type { SuiteContext } from '../suite/suite.ts';
import type { Authority } from './authority.ts';
import { judgeClients } from './clients.ts';
import { judgeNames } from './names.ts';
import { judgePassthrough } from './passthrough.ts';
import { judgeUpstream } from './upstream.ts';

export async function judgeSluiceTls(
  context: SuiteContext,
  authority: Authority,
  backend: number,
): Promise<CaseResult[]> {
  const parts = {
    names: judgeNames,
    clients: judgeClients,
    upstream: judgeUpstream,
    passthrough: judgePassthrough,
  };
  if (context.target.name !== 'sluice')
    return Object.keys(parts).map((group) =>
      skipCase(group, 'all', 'set up by resources of the Gateway API, for Sluice alone'),
    );
  const cases: CaseResult[] = [];
  for (const [name, judge] of Object.entries(parts)) {
    context.say(`Sluice: ${name}`);
    cases.push(...(await judge(context, authority, backend)));
  }
  return cases;
}
