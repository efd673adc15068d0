// docs/reference/access-log.md, from the table of fields.
import { ACCESS_LOG_FIELDS } from '#gateway/observe/access-log-field';
import { pageHead, table } from './page.ts';

export function accessLogPage(): string {
  const rows = ACCESS_LOG_FIELDS.map(({ name, type, envoy, doc }) => [
    `\`${name}\``,
    type,
    envoy === '' ? '' : `\`${envoy}\``,
    doc,
  ]);
  return `${pageHead('Access log', 'gateway/observe/access-log-field.ts')}
\`sluice run DIR --access-log PATH\` appends one JSON object a line for each request that has ended; \`-\` is standard output. The
fields are always all there, in this order:

${table(['field', 'type', 'Envoy operator', 'meaning'], rows)}
Lines are pure ASCII: whatever a client sends, everything else is escaped as JSON has it. Header bytes that are valid UTF-8 read as
such, others as latin1. Long texts are cut (the path after 1,024 characters), so that a line stays below 4 KiB and several
workers may share a pipe.

The log never holds a request up. Lines are written once per turn of a worker's loop; when the file or pipe takes no more, up to
256 KiB per worker wait, and further lines are dropped and counted in \`sluice_access_log_dropped_lines_total\`.

## Rotation

Rename the file and send SIGHUP to \`sluice run\`: every worker writes what it has gathered to the old file, opens PATH anew and
goes on there. No line is lost or written twice. When \`sluice run\` says that the log was opened anew (the event \`access-log\` with
\`-o json\`), the old file is complete. If PATH cannot be opened, it says why and the old file stays in use.

\`\`\`
# /etc/logrotate.d/sluice
/var/log/sluice/access.log {
    daily
    rotate 7
    compress
    delaycompress
    postrotate
        systemctl kill --signal=HUP sluice.service
    endscript
}
\`\`\`

With \`-\` there is nothing to rename: whoever reads standard output keeps the files.
`;
}
