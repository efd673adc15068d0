// What one run of grpc-go's interoperability client says about its case.
import type { Ended } from '../machine/run.ts';
import type { CaseResult } from '../report.ts';

/** Those of grpc-go's client that need no credentials of a cloud and no xDS server. */
export const INTEROP_CASES: readonly string[] = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
  'rpc_soak',
];

/** Before every line that it logs. */
const LOG_PREFIX = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (?:(?:INFO|WARNING|ERROR|FATAL): )?(?:\[[\w-]+\] )?/;
const DECISIVE = /\b(FATAL|ERROR)\b|\bfailed\b|panic:/;
/** Go prints a client as its address. */
const GO_POINTER = /^&\{0x[0-9a-f]+\}\./;
const LONGEST = 300;

export function judgeInterop(id: string, group: string, ended: Ended): CaseResult {
  if (ended.code === 0) return { id, group, outcome: 'passed', findings: soakFigures(ended.stderr) };
  const why = ended.timedOut ? 'not done within the time limit' : `exit code ${ended.code}`;
  const line = decisiveLine(`${ended.stdout}\n${ended.stderr}`);
  return { id, group, outcome: 'failed', findings: line === '' ? [why] : [why, line] };
}

/** The line with the verdict of a failed run: the last that speaks of a failure, or else the last of all. */
function decisiveLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((line) => DECISIVE.test(line)) ?? lines.at(-1) ?? '';
  return line.replace(LOG_PREFIX, '').replace(GO_POINTER, '').slice(0, LONGEST);
}

function soakFigures(output: string): string[] {
  const figures = /soak test successes: \d+ \/ \d+ iterations/.exec(output)?.[0];
  return figures === undefined ? [] : [figures];
}
