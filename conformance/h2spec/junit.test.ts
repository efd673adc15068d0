import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJunit } from './junit.ts';

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="3.5. HTTP/2 Connection Preface" package="http2/3.5" id="3.5" tests="2" skipped="0" failures="0" errors="1">
    <testcase package="http2/3.5" classname="Sends client &#34;preface&#34; &amp; more" time="0.0001"></testcase>
    <testcase package="http2/3.5" classname="Sends invalid connection preface" time="0.0003">
      <error>GOAWAY Frame (Error Code: PROTOCOL_ERROR)
Connection closed
Error: unexpected EOF</error>
    </testcase>
  </testsuite>
  <testsuite name="5.1.2. Stream Concurrency" package="http2/5.1.2" id="5.1.2" tests="2" skipped="1" failures="1" errors="0">
    <testcase package="http2/5.1.2" classname="Exceeds the limit" time="0.0000">
      <skipped></skipped>
    </testcase>
    <testcase package="http2/5.1.2" classname="Other" time="0.0000"><failure message="x">Expect:
a</failure></testcase>
  </testsuite>
</testsuites>`;

test('every case has its name, its number and its verdict', () => {
  assert.deepEqual(parseJunit(REPORT), [
    { name: 'http2/3.5 1: Sends client "preface" & more', verdict: 'passed', detail: '' },
    {
      name: 'http2/3.5 2: Sends invalid connection preface',
      verdict: 'failed',
      detail: 'GOAWAY Frame (Error Code: PROTOCOL_ERROR); Connection closed; Error: unexpected EOF',
    },
    { name: 'http2/5.1.2 1: Exceeds the limit', verdict: 'skipped', detail: '' },
    { name: 'http2/5.1.2 2: Other', verdict: 'failed', detail: 'Expect:; a' },
  ]);
});

test('a report without cases, or with fewer than announced, is an error', () => {
  assert.throws(() => parseJunit('<testsuites></testsuites>'), /holds 0 cases, and announces 0/);
  assert.throws(() => parseJunit(REPORT.replace('tests="2"', 'tests="3"')), /holds 4 cases, and announces 5/);
});
