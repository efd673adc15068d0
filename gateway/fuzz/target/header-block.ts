// HPACK and the rules of RFC 9113 section 8: a block that is taken becomes a head which the HTTP/1.1 scan reads to its end, and
// which survives being encoded and decoded again; blocks follow one another on one connection, so the tables are at work too.
import { DONE, MORE } from '../../proxy/http1/fault.ts';
import { Head } from '../../proxy/http1/head.ts';
import { scanRequest } from '../../proxy/http1/scan.ts';
import { HeadDecoder } from '../../proxy/http2/hpack/head-decoder.ts';
import { HeadEncoder } from '../../proxy/http2/hpack/head-encoder.ts';
import { headFaultKind } from '../../proxy/http2/hpack/head-fault.ts';
import { expect, type FuzzTarget } from '../target.ts';

const LIMITS = { maxTableSize: 4096, maxHeadBytes: 8192, maxHeaders: 64 };
const ROOM = 16_384;
const MOST_BLOCKS = 4;

const out = { buffer: Buffer.alloc(ROOM), address: 0 };
const again = { buffer: Buffer.alloc(ROOM), address: 0 };
const block = Buffer.alloc(2 * ROOM);
const head = new Head(LIMITS.maxHeaders);

export const headerBlock: FuzzTarget = {
  name: 'header-block',
  seeds: [
    '828684410f7777772e6578616d706c652e636f6d',
    '828684418cf1e3c2e5f23a6ba0ab90f4ff828684be5886a8eb10649cbf828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    '8286844101613a04783a790f0d0135400378612d0362632d00077365637265740161',
    '3fe11f82868441016120828684410162',
    '8386844101610f1f0568656c6c6f60096372756d623d6f6e650474653a7900',
    '022743 4f4e4e4543540004 3a7363686d65'.replaceAll(' ', ''),
  ].map((text) => Buffer.from(text, 'hex')),
  tokens: [
    '\x82\x84\x86\x41\x01a',
    '\x40\x01a\x01b',
    '\xbe',
    '\xbf',
    '\x20',
    '\x3f\xe1\x1f',
    '\x3f\xff\xff\xff\xff\x0f',
    '\x0f\x0d\x01\x35',
    '\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff',
    '\x7f\x80',
    '\x00\x0a:authority\x01a',
    '\x00\x07:method\x03GET',
    '\x00\x05:path\x01/',
    '\x00\x06cookie\x03a=b',
    '\x00\x02te\x08trailers',
    '\r\n',
    '\0',
  ],
  run(input, random) {
    const decoder = new HeadDecoder(LIMITS);
    const encoder = new HeadEncoder(LIMITS.maxTableSize);
    const mirror = new HeadDecoder(LIMITS);
    let start = 0;
    for (let left = 1 + random.below(MOST_BLOCKS); left > 0 && start < input.length; left--) {
      const end = left === 1 ? input.length : start + 1 + random.below(input.length - start);
      const length = decoder.request(input, start, end, out, 0);
      start = end;
      if (length < 0) {
        if (headFaultKind(length) === 'COMPRESSION') return;
        continue;
      }
      const { scheme, protocol, isConnect } = decoder;
      // What it stands for is made by the session; as a head of its own it has no target that may be scanned.
      if (isConnect && protocol === '') continue;
      const text = out.buffer.toString('latin1', 0, length);
      const scanned = scanRequest(head, out.buffer, 0, length);
      expect(scanned !== MORE, `not a whole head: ${JSON.stringify(text)}`);
      if (scanned === DONE) expect(head.end === length, `ends early: ${JSON.stringify(text)}`);
      if (scheme !== 'http' && scheme !== 'https') continue;
      const size = encoder.request(out.buffer, 0, length, scheme, block, 0, protocol);
      expect(size <= encoder.bound(length), `block of ${size} bytes for ${length}`);
      const back = mirror.request(block, 0, size, again, 0);
      const result = back < 0 ? `fault ${back}` : again.buffer.toString('latin1', 0, back);
      expect(
        plain(result) === plain(text),
        `${JSON.stringify(text)} comes back as ${JSON.stringify(result)}`,
      );
    }
  },
};

/** Spaces around a value mean nothing, nor does the place of Host among the lines. */
function plain(text: string): string {
  const [first = '', ...lines] = text.split('\r\n');
  return [first, ...lines.map((line) => line.replace(/: /, ':').trimEnd()).sort()].join('\n');
}
