// Runs cases: those that only look at themselves together, a number at a time; those that load the gateway, or whose damage would be
// seen by others, alone.
import type { CorpusCase, Family } from '../corpus/corpus.ts';
import type { CaseResult } from '../report.ts';
import { runFlood } from './flood.ts';
import type { Front } from './front.ts';
import { runHandshake } from './handshake.ts';
import { isUnsafe } from './judge.ts';
import { runLoad } from './load.ts';
import type { Recorder } from './recorder.ts';
import { runHttp2 } from './send-http2.ts';
import { runRequest } from './send-request.ts';
import { runResponse } from './send-response.ts';

const TOGETHER = 12;

export interface CorpusRun {
  readonly families: readonly Family[];
  readonly front: Front;
  readonly recorder: Recorder;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

interface Task {
  readonly family: string;
  readonly one: CorpusCase;
}

/** In the order of the families and their cases. */
export async function runCorpus(run: CorpusRun): Promise<CaseResult[]> {
  const tasks = run.families.flatMap(({ family, cases }) => cases.map((one): Task => ({ family, one })));
  const results = new Map<Task, CaseResult>();
  const go = async (task: Task): Promise<void> => {
    if (!run.stop.aborted) results.set(task, await runTask(task, run));
  };
  const together = tasks.filter(({ one }) => !isAlone(one));
  const alone = tasks.filter(({ one }) => isAlone(one));
  run.say(`${together.length} cases, ${TOGETHER} at a time`);
  const queue = together.values();
  const lane = async (): Promise<void> => {
    for (const task of queue) await go(task);
  };
  await Promise.all(Array.from({ length: TOGETHER }, lane));
  run.say(`${alone.length} cases, one at a time`);
  for (const task of alone) await go(task);
  return tasks.flatMap((task) => results.get(task) ?? []);
}

function isAlone(one: CorpusCase): boolean {
  return !('expect' in one) || one.expect === 'no-poison';
}

async function runTask({ family, one }: Task, run: CorpusRun): Promise<CaseResult> {
  const result = { id: one.id, group: family };
  const missing = missingPort(one, run.front);
  if (missing !== undefined) return { ...result, outcome: 'skipped', findings: [missing] };
  let findings: string[];
  try {
    findings = await runCase(one, run);
  } catch (error) {
    findings = [`ERROR ${error instanceof Error ? error.message : String(error)}`];
  }
  const passed = findings.length === 0;
  return { ...result, outcome: passed ? 'passed' : 'failed', findings, unsafe: findings.some(isUnsafe) };
}

function missingPort({ kind }: CorpusCase, { h2c, tls }: Front): string | undefined {
  if ((kind === 'http2' || kind === 'flood') && h2c === undefined) return 'no port for HTTP/2';
  return kind === 'tls' && tls === undefined ? 'no port for TLS' : undefined;
}

function runCase(one: CorpusCase, { front, recorder }: CorpusRun): Promise<string[]> {
  switch (one.kind) {
    case 'request':
      return runRequest(one, front, recorder);
    case 'response':
      return runResponse(one, front);
    case 'http2':
      return runHttp2(one, front.host, front.h2c!, recorder);
    case 'flood':
      return runFlood(one, front, front.h2c!);
    case 'load':
      return runLoad(one, front);
    default:
      return runHandshake(one, front.host, front.tls!);
  }
}
