import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knowsFlood } from '../http1/flood.ts';
import { knowsHandshake } from '../http1/handshake.ts';
import { knowsLoad } from '../http1/load.ts';
import { knowsHandshakeOf, loadWebSocketCases } from '../websocket/conversation.ts';
import { toBytes, TOKEN_PLACE } from './byte-text.ts';
import { loadCorpus, type CorpusCase } from './corpus.ts';

/** A case that goes missing must be noticed, not just lower a total. */
const OPEN_CASES = {
  chunk: 17,
  cl: 20,
  h1dos: 7,
  h2dos: 15,
  h2req: 43,
  header: 14,
  hop: 8,
  host: 11,
  ok: 19,
  reqline: 24,
  resp: 22,
  te: 48,
  tls: 11,
};
const WEBSOCKET_CASES = 71;
const REQUEST_EXPECTATIONS = ['reject', 'accept', 'bad-body', 'safe'];

const families = [...loadCorpus('open'), ...loadCorpus('own')];
const cases = families.flatMap((family) => family.cases);

test('no case of the open corpus is lost', () => {
  const counts = Object.fromEntries(loadCorpus('open').map(({ family, cases }) => [family, cases.length]));
  assert.deepEqual(counts, OPEN_CASES);
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count, 0),
    259,
  );
});

test('every case has a name of its own, and every family too', () => {
  for (const names of [cases.map(({ id }) => id), families.map(({ family }) => family)])
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
});

test('every case is well formed', () => {
  for (const one of cases) assert.deepEqual(checkCase(one), [], one.id);
});

test('no case of the WebSocket corpus is lost', () => {
  const all = loadWebSocketCases();
  assert.equal(all.length, WEBSOCKET_CASES);
  assert.equal(new Set(all.map(({ id }) => id)).size, WEBSOCKET_CASES);
  for (const one of all) {
    assert.ok(knowsHandshakeOf(one), one.id);
    for (const bytes of one.writes) assert.ok(toBytes(bytes).length > 0, one.id);
  }
});

test('bytes are written as text, as hexadecimal and as repetitions', () => {
  assert.equal(toBytes('a\u00ff\r\n').toString('hex'), '61ff0d0a');
  assert.equal(toBytes([{ hex: '00ff', times: 2 }, 'x']).toString('hex'), '00ff00ff78');
  assert.equal(toBytes({ text: 'X-{n};', times: 3 }).toString(), 'X-0;X-1;X-2;');
  assert.equal(toBytes(['/', TOKEN_PLACE], 'z0123456789a').toString(), '/z0123456789a');
  assert.equal(toBytes('').length, 0);
});

function checkCase(one: CorpusCase): string[] {
  switch (one.kind) {
    case 'request': {
      const bytes = toBytes(one.bytes);
      return [
        ...(REQUEST_EXPECTATIONS.includes(one.expect) ? [] : [`expects ${one.expect}`]),
        // Without its name in it, nothing that reaches the backend could be told to be this case's.
        ...(bytes.includes(TOKEN_PLACE) || ['rl-rel', 'rl-empty'].includes(one.id) ? [] : ['no token']),
      ];
    }
    case 'response':
      return [
        ...(typeof one.expect === 'number' || ['clean-or-502', 'incomplete', 'no-poison'].includes(one.expect)
          ? []
          : ['expectation']),
        ...(toBytes(one.bytes).length > 0 ? [] : ['empty']),
        ...(one.end === undefined || ['close', 'hold'].includes(one.end) ? [] : ['end']),
      ];
    case 'http2':
      return [
        ...(REQUEST_EXPECTATIONS.includes(one.expect) ? [] : [`expects ${one.expect}`]),
        ...([...one.fields, ...(one.trailers ?? [])].every((field) => field.length === 2) ? [] : ['fields']),
      ];
    case 'flood':
      return knowsFlood(one.name) ? [] : ['unknown'];
    case 'load':
      return knowsLoad(one.name) ? [] : ['unknown'];
    default:
      return knowsHandshake(one.name) ? [] : ['unknown'];
  }
}
