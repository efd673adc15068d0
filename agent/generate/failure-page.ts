// docs/reference/failures.md, from the table of failures.
import { FAILURES } from '#gateway/model/failure';
import { pageHead, table } from './page.ts';

const RETRY = { no: 'no', yes: 'yes', 'if-reused': 'if the connection was reused' } as const;

export function failurePage(): string {
  const rows = Object.entries(FAILURES).map(([code, failure]) => [
    `\`${code}\``,
    failure.status === 0 ? '-' : String(failure.status),
    String(failure.grpc),
    `\`${failure.flag}\``,
    failure.source,
    RETRY[failure.retry],
    failure.text,
    failure.hint,
  ]);
  return `${pageHead('Failures', 'gateway/model/failure.ts')}
Every way in which a request can fail. The code is in the \`failure\` field of the [access log](access-log.md) and in the \`code\` label of
\`sluice_failures_total\` ([metrics](metrics.md)). A status of \`-\` means that nothing could be answered any more: the connection was
closed. The flag is Envoy's response flag. The source says where to look: at the client (downstream), at the backend (upstream),
or at the configuration and the proxy (internal).

${table(['code', 'status', 'gRPC status', 'flag', 'source', 'sent again', 'what happened', 'what to do'], rows)}`;
}
