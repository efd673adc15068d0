// HTTP/2 frames: the same events however the bytes come in pieces; what is held stays within its limit.
import { FrameReader, type FrameHandler } from '../../proxy/http2/frame-reader.ts';
import { NO_ERROR } from '../../proxy/http2/error-code.ts';
import { expect, type FuzzTarget } from '../target.ts';

const LIMITS = { maxBlock: 8192, maxContinuations: 8 };
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const frames: FuzzTarget = {
  name: 'frames',
  seeds: [
    PREFACE + frame(4, 0, 0, '\0\x03\0\0\0\x64\0\x04\0\x01\0\0') + frame(1, 5, 1, '\x82\x84\x86\x41\x01a'),
    PREFACE +
      frame(4, 0, 0, '') +
      frame(1, 0x08, 1, '\x02\x82\x84\x86\0\0') +
      frame(9, 4, 1, '\x41\x01a') +
      frame(0, 9, 1, '\x02hi\0\0'),
    PREFACE +
      frame(4, 0, 0, '') +
      frame(6, 0, 0, '12345678') +
      frame(8, 0, 0, '\0\0\x10\0') +
      frame(3, 0, 1, '\0\0\0\x08') +
      frame(7, 0, 0, '\0\0\0\x01\0\0\0\0bye') +
      frame(2, 0, 3, '\0\0\0\x01\x10') +
      frame(0x42, 0xff, 9, 'unknown'),
  ].map((text) => Buffer.from(text, 'latin1')),
  tokens: [
    frame(9, 0, 1, ''),
    frame(9, 4, 1, ''),
    frame(0, 0, 1, ''),
    frame(0, 1, 1, 'x'),
    frame(4, 1, 0, ''),
    frame(6, 1, 0, '12345678'),
    frame(8, 0, 1, '\0\0\0\0'),
    frame(5, 4, 1, '\0\0\0\x02'),
    '\0\0',
    '\xff\xff\xff',
  ],
  run(input, random) {
    const whole = read(input, [input.length]);
    const cut = random.below(input.length + 1);
    const pieces = read(input, [cut, input.length]);
    const bytewise = read(
      input,
      Array.from(input, (_, i) => i + 1),
    );
    for (const other of [pieces, bytewise])
      expect(whole === other, `in one piece:\n${whole}\nin several:\n${other}`);
  },
};

/** Everything that was told, as text; DATA joined, since it passes by in pieces. */
function read(input: Buffer, ends: readonly number[]): string {
  const told: string[] = [];
  let data = '';
  const tell = (text: string): number => {
    if (data !== '') told.push(data);
    data = '';
    told.push(text);
    return NO_ERROR;
  };
  const handler: FrameHandler = {
    onDataFrame(stream, bytes, start, end, counted, last) {
      const before = /^data (\d+) (\d+) ([^ ]*)$/.exec(data);
      const same = before !== null && Number(before[1]) === stream;
      const total = (same ? Number(before[2]) : 0) + counted;
      const text = (same ? before[3]! : '') + bytes.buffer.toString('hex', start, end);
      if (!same && data !== '') told.push(data);
      data = `data ${stream} ${total} ${text}`;
      return last ? tell('end') : NO_ERROR;
    },
    onHeadersFrame: (stream, block, start, end, last, fault) =>
      tell(`headers ${stream} ${block.toString('hex', start, end)} ${last} ${fault}`),
    onPriorityFrame: (stream, fault) => tell(`priority ${stream} ${fault}`),
    onResetFrame: (stream, code) => tell(`reset ${stream} ${code}`),
    onSettingsFrame: (payload, start, end) => tell(`settings ${payload.toString('hex', start, end)}`),
    onSettingsAck: () => tell('settings ack'),
    onPingFrame: (payload, start) => tell(`ping ${payload.toString('hex', start, start + 8)}`),
    onPingAck: () => tell('ping ack'),
    onGoawayFrame: (last, code) => tell(`goaway ${last} ${code}`),
    onWindowUpdateFrame: (stream, increment) => tell(`window ${stream} ${increment}`),
    onUnknownFrame: () => tell('unknown'),
  };
  const reader = new FrameReader(handler, true, LIMITS);
  let start = 0;
  for (const end of ends) {
    const code = reader.read({ buffer: input, address: 0 }, start, end);
    if (code !== NO_ERROR) {
      tell(`error ${code} ${reader.detail}`);
      break;
    }
    start = end;
  }
  if (data !== '') told.push(data);
  return told.join('\n');
}

function frame(type: number, flags: number, stream: number, payload: string): string {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return header.toString('latin1') + payload;
}
