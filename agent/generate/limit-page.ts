// docs/reference/limits.md, from the table of limits.
import { LIMITS } from '#gateway/proxy/limits';
import { showValue } from '../cli/flag.ts';
import { limitFlag } from '../run/limit-flag.ts';
import { pageHead, table } from './page.ts';

export function limitPage(): string {
  const rows = LIMITS.map((limit) => {
    const flag = limitFlag(limit);
    return [
      `\`${limit.flag} ${flag.value ?? ''}\``,
      showValue(flag, limit.value),
      limit.doc,
      limit.failures.map((code) => `\`${code}\``).join(', '),
    ];
  });
  return `${pageHead('Limits', 'gateway/proxy/limits.ts')}
What one client, one backend or one burst can take from everybody else. Each limit is a flag of \`sluice run\`
([command line](cli.md)). A request that meets one fails with one of the codes in the last column: they are in the access log's
\`failure\` field and in \`sluice_failures_total{code="..."}\`, and [failures.md](failures.md) has their status and mend.

${table(['flag', 'default', 'meaning', 'failures'], rows)}
Limits over all workers are divided among them, rounded up: each worker keeps its own part, so that no request waits for another
thread. The kernel spreads connections over the workers by a hash, not evenly: one worker may reach its part while another has
room. Set them with some reserve, or use \`--workers 1\` where an exact number matters.

Deadlines are kept by a clock that ticks every 100 ms: they pass up to 200 ms late, never early.
`;
}
