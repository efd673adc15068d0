import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderLine, renderTable, type TableView } from './table.ts';

const view: TableView = {
  summary: {
    requests: 1000,
    failed: 1,
    shares: { v1: 0.9, v2: 0.1 },
    connectionsRedirected: 25,
    p50us: 620,
    p99us: 2310,
  },
  perSecond: 400,
  reason: 'status 503',
  kernel: '25 connections redirected',
  edit: 'edit httproute.yaml:22  weight: 10',
};

test('the table shows a bar per version, failures with their reason, and the line to edit', () => {
  assert.deepEqual(renderTable(view), [
    '',
    '  requests 1000   400/s   failed 1 (last: status 503)',
    '  v1       ###########################...  90.00 %',
    '  v2       ###...........................  10.00 %',
    '  latency  p50 0.62 ms   p99 2.31 ms',
    '  kernel   25 connections redirected',
    '',
    '  move the canary: edit httproute.yaml:22  weight: 10',
    '  Ctrl-C ends it and leaves nothing behind',
  ]);
});

test('without a terminal the same is one line', () => {
  assert.equal(
    renderLine(view),
    '1000 requests, 1 failed, v1 90.00 %, v2 10.00 %, p50 0.62 ms, p99 2.31 ms, 25 connections redirected',
  );
});
