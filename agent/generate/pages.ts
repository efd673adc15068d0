// All reference pages that come from tables, so that a test can compare them with what is committed.
import { accessLogPage } from './access-log-page.ts';
import { commandPage } from './command-page.ts';
import { failurePage } from './failure-page.ts';
import { limitPage } from './limit-page.ts';
import { metricPage } from './metric-page.ts';

/** Path from the top of the project -> content. */
export function renderPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/metrics.md', metricPage()],
    ['docs/reference/failures.md', failurePage()],
    ['docs/reference/limits.md', limitPage()],
    ['docs/reference/access-log.md', accessLogPage()],
    ['docs/reference/cli.md', commandPage()],
  ]);
}
