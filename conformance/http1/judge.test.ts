// The verdicts, on exchanges as they were recorded with gateways that did wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnsafe, judgeRequest, type Judged } from './judge.ts';
import { judgeResponse } from './send-response.ts';

const TOKEN = 'z0123456789a';
const CLEAN = `GET /c/${TOKEN} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const BODY = `POST /c/${TOKEN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n`;

interface Exchange {
  readonly judged: Judged;
  readonly statuses: readonly number[];
  readonly closed?: boolean;
  readonly raw?: string;
}

function judge({ judged, statuses, closed = false, raw }: Exchange): string {
  const pieces = raw === undefined ? [] : [Buffer.from(raw, 'latin1')];
  return judgeRequest(judged, { statuses, closed }, TOKEN, pieces).join('; ');
}

test('a request that must be refused', () => {
  const judged = { expect: 'reject' } as const;
  assert.equal(judge({ judged, statuses: [400] }), '');
  assert.equal(judge({ judged, statuses: [], closed: true }), '');
  assert.equal(judge({ judged, statuses: [301] }), '');
  assert.equal(judge({ judged, statuses: [100, 400] }), '');
  assert.equal(judge({ judged, statuses: [] }), 'NOREPLY');
  assert.equal(judge({ judged, statuses: [200] }), 'ACCEPTED 200');
  assert.equal(judge({ judged, statuses: [400], raw: CLEAN }), 'REACHED-UPSTREAM');
  assert.match(
    judge({ judged, statuses: [200], raw: CLEAN.replace('localhost', 'a@localhost') }),
    /^FORWARDED badhost "a@localhost"; ACCEPTED 200$/,
  );
});

test('a request that must be accepted', () => {
  const judged = { expect: 'accept' } as const;
  assert.equal(judge({ judged, statuses: [100, 200], raw: CLEAN }), '');
  assert.match(judge({ judged, statuses: [400] }), /^NOTACCEPTED/);
  assert.match(judge({ judged, statuses: [200] }), /^NOTACCEPTED statuses 200, 0 of 1/);
  assert.match(
    judge({ judged: { ...judged, requests: 2 }, statuses: [200], raw: CLEAN + CLEAN }),
    /^NOTACCEPTED/,
  );
  assert.equal(judge({ judged: { ...judged, requests: 2 }, statuses: [200, 200], raw: CLEAN + CLEAN }), '');
});

test('a broken body', () => {
  const judged = { expect: 'bad-body' } as const;
  assert.equal(judge({ judged, statuses: [400] }), '');
  assert.equal(judge({ judged, statuses: [400], raw: `${BODY}hel` }), '');
  assert.equal(judge({ judged, statuses: [200], raw: `${BODY}hello` }), 'COMPLETE-UPSTREAM 200');
  assert.equal(judge({ judged, statuses: [200] }), '200 for a broken body');
});

test('smuggling, leaks and injection, whatever the status says', () => {
  const judged = { expect: 'safe' } as const;
  const smuggled = `GET /smug/${TOKEN} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  assert.equal(judge({ judged, statuses: [400] }), '');
  assert.equal(judge({ judged, statuses: [200], raw: CLEAN + smuggled }), 'SMUGGLED; EXTRA-REQ 2');
  assert.equal(
    judge({ judged: { ...judged, second: true }, statuses: [200, 200], raw: CLEAN + smuggled }),
    '',
  );
  const leak = CLEAN.replace('\r\n\r\n', '\r\nX-Secret: LeakMe\r\n\r\n');
  assert.equal(judge({ judged: { ...judged, forbid: 'leakme' }, statuses: [200], raw: leak }), 'LEAK leakme');
  assert.equal(
    judge({ judged: { ...judged, require: 'x-kept' }, statuses: [200], raw: CLEAN }),
    'MISSING x-kept',
  );
  assert.match(
    judge({ judged, statuses: [200], raw: leak.replace('X-Secret: ', 'X: a\rLeakMe: ') }),
    /INJECT$/,
  );
  // Bytes that never made a request are looked at too.
  assert.match(judge({ judged, statuses: [200], raw: `${CLEAN}X /${TOKEN}\0` }), /^EXTRA-REQ 2$/);
  assert.match(
    judge({ judged, statuses: [200], raw: `${CLEAN}X\0 /${TOKEN} HTTP/1.1\r\n\r\n` }),
    /^FORWARDED reqline/,
  );
});

test('what is unsafe', () => {
  for (const finding of [
    'FORWARDED CL+TE',
    'SMUGGLED',
    'LEAK x',
    'INJECT',
    'POISONED NEXT',
    'TRUNCATION HIDDEN',
    'NOT ALIVE h1',
    'COMPLETE-UPSTREAM 200',
    'EXTRA-REQ 2',
  ])
    assert.ok(isUnsafe(finding), finding);
  for (const finding of [
    'ACCEPTED 200',
    'REACHED-UPSTREAM',
    'NOREPLY',
    'NOTACCEPTED',
    'HANG',
    '200 for a broken body',
  ])
    assert.ok(!isUnsafe(finding), finding);
});

test('answers: a status, and the body', () => {
  const text = 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
  assert.deepEqual(judgeResponse(200, { text, closed: false }), []);
  assert.deepEqual(judgeResponse(204, { text, closed: false }), ['want 204, got 200']);
  assert.deepEqual(judgeResponse(200, { text: '', closed: true }), ['want 200, got nothing', 'body']);
});

test('answers: nothing malformed is passed on', () => {
  const judge = (text: string, closed = true): string =>
    judgeResponse('clean-or-502', { text, closed }).join();
  assert.equal(judge('HTTP/1.1 502 Bad Gateway\r\n\r\n'), '');
  assert.equal(judge('HTTP/1.1 200 OK\r\nX: y\r\n\r\nhi'), '');
  assert.equal(judge('', false), 'HANG');
  assert.equal(judge('HTTP/1.1 101 Switching Protocols\r\n\r\n'), 'FORWARDED 101');
  assert.equal(judge('HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'), 'FORWARDED ctl,FORWARDED badhdr');
  assert.equal(
    judge('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
    'FORWARDED framing',
  );
  assert.equal(judge('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'), 'FORWARDED TE');
  assert.equal(judge('HTTP/1.1 100 Continue\r\n\r\n'.repeat(101)), 'FORWARDED 1xx flood');
});

test('answers: what was cut off must show', () => {
  const judge = (text: string, closed: boolean): string =>
    judgeResponse('incomplete', { text, closed }).join();
  const length = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
  const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n';
  assert.equal(judge(`${length}hi`, true), '');
  assert.equal(judge(`${length}hi`, false), 'HANG not closed');
  assert.equal(judge(`${length}hi...`, true), 'TRUNCATION HIDDEN');
  assert.equal(judge(chunks, true), '');
  assert.equal(judge(`${chunks}0\r\n\r\n`, true), 'TRUNCATION HIDDEN');
  assert.equal(judge('HTTP/1.1 200 OK\r\n\r\nhi', true), 'TRUNCATION HIDDEN');
  assert.equal(judge('HTTP/1.1 502 Bad Gateway\r\n\r\n', false), '');
  assert.equal(judge('', false), 'HANG');
});
