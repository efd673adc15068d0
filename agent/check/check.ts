// What `sluice check` looks at and finds, grouped by what it is about. A check never throws and changes nothing.

type CheckStatus = 'ok' | 'warning' | 'failed';

export const CATEGORIES = ['platform', 'permissions', 'kernel', 'network', 'limits'] as const;

type Category = (typeof CATEGORIES)[number];

export interface CheckResult {
  readonly category: Category;
  /** What was looked at: 'BTF of the kernel'. */
  readonly name: string;
  /** failed: something that the verdicts below name does not work; warning: it works less well. */
  readonly status: CheckStatus;
  /** What was found. */
  readonly detail: string;
  /** What to do about it, unless it is ok. */
  readonly mend?: string;
  /** What needs it: the abilities that fail with it. */
  readonly needs: readonly Ability[];
}

/** What `sluice run` can do on this machine; each needs some checks to pass. */
export const ABILITIES = {
  proxy: 'serve Gateway listeners',
  epoll: 'serve them with the epoll engine (else with the slower node:net)',
  datapath: 'steer connections to Services in the kernel',
} as const;

export type Ability = keyof typeof ABILITIES;

export interface Verdict {
  readonly ability: Ability;
  readonly works: boolean;
  /** Names of the failed checks that prevent it. */
  readonly because: readonly string[];
}

/** An ability works unless a check that it needs has failed. */
export function verdictsOf(results: readonly CheckResult[]): readonly Verdict[] {
  return (Object.keys(ABILITIES) as Ability[]).map((ability) => {
    const because = results
      .filter(({ status, needs }) => status === 'failed' && needs.includes(ability))
      .map(({ name }) => name);
    return { ability, works: because.length === 0, because };
  });
}
