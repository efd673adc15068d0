// What `sluice run` tells: one event a line, as JSON on standard output with `-o json`, as text on standard error without.
import { formatFinding, type Finding } from '#resources/finding';

export type RunEvent =
  | {
      readonly event: 'ready';
      readonly admin: string;
      readonly engine: string;
      readonly workers: number;
      readonly datapath: DatapathState;
    }
  | {
      readonly event: 'applied';
      readonly revision: number;
      readonly objects: number;
      readonly errors: number;
      readonly warnings: number;
      readonly milliseconds: number;
    }
  | { readonly event: 'finding'; readonly finding: Finding }
  | {
      readonly event: 'port';
      readonly port: number;
      readonly state: 'listening' | 'failed';
      readonly detail: string;
    }
  | { readonly event: 'worker'; readonly worker: number; readonly detail: string }
  | { readonly event: 'stopping'; readonly signal: string }
  | { readonly event: 'stopped' };

/** Whether the kernel steers, and the reason when it does not. */
export type DatapathState =
  | { readonly active: true; readonly cgroup: string; readonly inheritance: 'fresh' | 'adopted' | 'replaced' }
  | { readonly active: false; readonly reason: string };

export type Report = (event: RunEvent) => void;

export function createReport(output: 'text' | 'json'): Report {
  if (output === 'json') return (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return (event) => void process.stderr.write(`${describe(event)}\n`);
}

function describe(event: RunEvent): string {
  switch (event.event) {
    case 'ready': {
      const kernel = event.datapath.active
        ? `the kernel steers processes of ${event.datapath.cgroup}${event.datapath.inheritance === 'fresh' ? '' : ` (${event.datapath.inheritance} from before)`}`
        : `proxy alone: ${event.datapath.reason}`;
      return `ready: ${event.workers} worker(s), ${event.engine} engine, ${kernel}, admin ${event.admin}`;
    }
    case 'applied':
      return `revision ${event.revision}: ${event.objects} objects, ${event.errors} error(s), ${event.warnings} warning(s), applied in ${event.milliseconds.toFixed(1)} ms`;
    case 'finding':
      return formatFinding(event.finding);
    case 'port':
      return `port ${event.port} ${event.state}: ${event.detail}`;
    case 'worker':
      return `worker ${event.worker}: ${event.detail}`;
    case 'stopping':
      return `${event.signal}: finishing what is in flight`;
    case 'stopped':
      return 'stopped';
  }
}
