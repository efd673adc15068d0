import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOW_CONTROL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './error-code.ts';
import { PeerSettings } from './settings.ts';
import { settingsPayload } from './testbed/frames.ts';

function apply(fromServer: boolean, ...settings: readonly number[]): { error: number; peer: PeerSettings } {
  const peer = new PeerSettings(fromServer);
  const payload = settingsPayload(...settings);
  return { error: peer.apply(payload, 0, payload.length), peer };
}

test('what the peer says is taken over, the last value of each, unknown ones not', () => {
  const { error, peer } = apply(false, 1, 0, 2, 1, 3, 7, 4, 5, 4, 0, 5, 20_000, 6, 9, 8, 1, 0x99, 3);
  assert.equal(error, NO_ERROR);
  assert.deepEqual(
    [
      peer.headerTableSize,
      peer.maxStreams,
      peer.initialWindow,
      peer.maxFrameSize,
      peer.maxHeaderListSize,
      peer.connectProtocol,
    ],
    [0, 7, 0, 20_000, 9, true],
  );
});

test('values outside their range are errors of the connection', () => {
  for (const [code, fromServer, ...settings] of [
    [PROTOCOL_ERROR, false, 2, 2],
    [PROTOCOL_ERROR, true, 2, 1],
    [NO_ERROR, true, 2, 0],
    [FLOW_CONTROL_ERROR, false, 4, 0x8000_0000],
    [NO_ERROR, false, 4, 0x7fff_ffff],
    [PROTOCOL_ERROR, false, 5, 16_383],
    [PROTOCOL_ERROR, false, 5, 0x100_0000],
    [NO_ERROR, false, 5, 0xff_ffff],
    [PROTOCOL_ERROR, true, 8, 2],
    [PROTOCOL_ERROR, true, 8, 1, 8, 0],
  ] as const)
    assert.equal(apply(fromServer, ...settings).error, code, settings.join());
});
