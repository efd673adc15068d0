// The verdict on a request: from what reached the backend, and from what the client got. Findings name what went wrong.
import type { RequestCase } from '../corpus/corpus.ts';
import { readStrictly, type ForwardedRequest } from './strict-parse.ts';

/** Findings that let an attack through begin with one of these. */
const UNSAFE =
  /^(FORWARDED|SMUGGLED|LEAK|INJECT|POISON|TRUNCATION HIDDEN|NOT ALIVE|COMPLETE-UPSTREAM|EXTRA-REQ)/;
/** They send the client elsewhere: not accepted. */
const REDIRECTS = [301, 302, 307, 308];
/** Written by the cases where an injection must not get. */
const INJECTED = ['leakme:', 'x-inj'];
const SHOWN_ISSUES = 3;

export interface ClientSide {
  /** Statuses in the order they came, also 1xx. */
  readonly statuses: readonly number[];
  /** The connection, or the stream, was ended by the gateway. */
  readonly closed: boolean;
}

export type Judged = Pick<RequestCase, 'expect' | 'requests' | 'second' | 'forbid' | 'require'>;

export function isUnsafe(finding: string): boolean {
  return UNSAFE.test(finding);
}

/** `pieces`: what reached the backend, see Recorder.bytesOf. No finding: passed. */
export function judgeRequest(
  judged: Judged,
  { statuses, closed }: ClientSide,
  token: string,
  pieces: readonly Buffer[],
): string[] {
  const readings = pieces.map(readStrictly);
  const issues = [...new Set(readings.flatMap((reading) => reading.issues))].sort();
  const ours = readings
    .flatMap(({ requests }) => requests)
    .filter(({ target, head }) => target.includes(token) || (target === '?' && head.includes(token)));
  const raw = Buffer.concat(pieces).toString('latin1').toLowerCase();
  const findings: string[] = [];
  if (issues.length > 0) findings.push(`FORWARDED ${issues.slice(0, SHOWN_ISSUES).join(';')}`);
  if (judged.second !== true && ours.some(({ target }) => target.includes('/smug')))
    findings.push('SMUGGLED');
  findings.push(...judgeContent(judged, ours));
  if (INJECTED.some((text) => raw.includes(text))) findings.push('INJECT');
  const final = statuses.filter((status) => status >= 200);
  findings.push(...judgeOutcome(judged, final, closed, ours));
  return findings;
}

function judgeContent({ forbid, require }: Judged, ours: readonly ForwardedRequest[]): string[] {
  const holds = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());
  return [
    ...(forbid !== undefined && ours.some(({ head, body }) => holds(head, forbid) || holds(body, forbid))
      ? [`LEAK ${forbid}`]
      : []),
    ...(require !== undefined && ours.length > 0 && !ours.some(({ head }) => holds(head, require))
      ? [`MISSING ${require}`]
      : []),
  ];
}

function judgeOutcome(
  { expect, requests = 1, second }: Judged,
  final: readonly number[],
  closed: boolean,
  ours: readonly ForwardedRequest[],
): string[] {
  const complete = ours.filter((request) => request.complete).length;
  const first = final[0];
  switch (expect) {
    case 'accept': {
      const good = final.slice(0, requests).every((status) => status === 200) && final.length >= requests;
      return good && complete === requests
        ? []
        : [
            `NOTACCEPTED statuses ${final.slice(0, 3).join()}, ${complete} of ${requests} reached the backend`,
          ];
    }
    case 'reject':
      if (first !== undefined && first < 400 && !REDIRECTS.includes(first)) return [`ACCEPTED ${first}`];
      return [
        ...(first === undefined && !closed ? ['NOREPLY'] : []),
        ...(complete > 0 ? ['REACHED-UPSTREAM'] : []),
      ];
    case 'bad-body':
      if (complete > 0) return [`COMPLETE-UPSTREAM ${first ?? 'no answer'}`];
      return first === 200 ? ['200 for a broken body'] : [];
    default:
      return ours.length > requests + (second === true ? 1 : 0) ? [`EXTRA-REQ ${ours.length}`] : [];
  }
}
