// What `sluice run` tells: one event a line, as JSON on standard output with `-o json`, as text on standard error without.
import { portName, type Transport } from '#gateway/proxy/port-key';
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
      readonly transport: Transport;
      readonly state: 'listening' | 'failed';
      readonly detail: string;
    }
  /** The access log was opened anew, or could not be and goes on where it was. */
  | { readonly event: 'access-log'; readonly path: string; readonly error: string | undefined }
  | { readonly event: 'worker'; readonly worker: number; readonly detail: string }
  /** Another process takes over, or tried to. */
  | { readonly event: 'handover'; readonly detail: string }
  /** It serves now: what is left here is what is in flight. */
  | { readonly event: 'handed-over' }
  | { readonly event: 'stopping'; readonly signal: string }
  | { readonly event: 'stopped' };

/** Whether the kernel steers, and the reason when it does not. */
export type DatapathState =
  | { readonly active: true; readonly cgroup: string; readonly inheritance: 'fresh' | 'adopted' | 'replaced' }
  | { readonly active: false; readonly reason: string };

export type Report = (event: RunEvent) => void;

type Line<Kind extends RunEvent['event']> = Extract<RunEvent, { event: Kind }>;

export function createReport(output: 'text' | 'json'): Report {
  if (output === 'json') return (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);
  return (event) => void process.stderr.write(`${describe(event)}\n`);
}

/** The text of an event, by its kind. */
const TEXT: { readonly [Kind in RunEvent['event']]: (event: Line<Kind>) => string } = {
  ready: ({ workers, engine, datapath, admin }) =>
    `ready: ${workers} worker(s), ${engine} engine, ${describeDatapath(datapath)}, admin ${admin}`,
  applied: ({ revision, objects, errors, warnings, milliseconds }) =>
    `revision ${revision}: ${objects} objects, ${errors} error(s), ${warnings} warning(s), applied in ${milliseconds.toFixed(1)} ms`,
  finding: ({ finding }) => formatFinding(finding),
  port: ({ port, transport, state, detail }) =>
    `port ${portName(transport, port)} ${state}${detail === '' ? '' : `: ${detail}`}`,
  worker: ({ worker, detail }) => `worker ${worker}: ${detail}`,
  'access-log': ({ path, error }) => error ?? `access log ${path} opened anew`,
  handover: ({ detail }) => `handover: ${detail}`,
  'handed-over': () => 'another process serves now: finishing what is in flight',
  stopping: ({ signal }) => `${signal}: finishing what is in flight`,
  stopped: () => 'stopped',
};

function describe(event: RunEvent): string {
  return (TEXT[event.event] as (event: RunEvent) => string)(event);
}

function describeDatapath(state: DatapathState): string {
  if (!state.active) return `proxy alone: ${state.reason}`;
  const before = state.inheritance === 'fresh' ? '' : ` (${state.inheritance} from before)`;
  return `the kernel steers processes of ${state.cgroup}${before}`;
}
