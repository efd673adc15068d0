// The chunked coding: the same data and the same end however it comes in pieces, and as a plain second reader finds them.
import { ChunkScanner, UNFINISHED } from '../../proxy/http1/chunk.ts';
import { expect, type FuzzTarget } from '../target.ts';

interface Reading {
  /** End of the coding, -1 when it is not there yet, below that when it was refused. */
  readonly end: number;
  readonly data: string;
}

export const chunkedBody: FuzzTarget = {
  name: 'chunked-body',
  seeds: [
    '5\r\nhello\r\n0\r\n\r\n',
    'A;a=b\r\n0123456789\r\n1 ;c\r\nx\r\n0\r\nX-Sum: y\r\nX-B:z\r\n\r\nGET / HTTP/1.1\r\n',
    '0000000f\r\nabcdefghijklmno\r\n00;ext="q"\r\n\r\n',
    'ffffffff\r\nabc',
  ].map((text) => Buffer.from(text, 'latin1')),
  tokens: [
    '\r\n',
    '\n',
    '\r',
    ';',
    '0',
    'f',
    'fffffffffffffff',
    ' ',
    '\t',
    '"',
    '0\r\n\r\n',
    '\0',
    ':',
    'Host: a\r\n',
    '+',
    '-',
    '0x',
    '_',
  ],
  run(input, random) {
    const whole = read(input, [input.length]);
    const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(input.length + 1)).sort(
      (a, b) => a - b,
    );
    const pieces = read(input, [...cuts, input.length]);
    const bytewise =
      input.length < 200
        ? read(
            input,
            Array.from(input, (_, i) => i + 1),
          )
        : pieces;
    for (const other of [pieces, bytewise]) {
      expect(
        whole.end === other.end || (whole.end < UNFINISHED && other.end < UNFINISHED),
        `ends at ${whole.end} in one piece, at ${other.end} in several`,
      );
      if (whole.end >= 0) expect(whole.data === other.data, 'other data in several pieces');
    }
    if (whole.end < 0) return;
    const plain = readPlainly(input.toString('latin1', 0, whole.end));
    expect(plain !== undefined, 'a plain reader refuses it');
    expect(plain === whole.data, 'a plain reader finds other data');
  },
};

/** `ends` are where the pieces end. */
function read(input: Buffer, ends: readonly number[]): Reading {
  const scanner = new ChunkScanner();
  scanner.reset(true);
  let data = '';
  let start = 0;
  for (const end of ends) {
    const result = scanner.scan(input, start, end);
    for (let i = 0; i < scanner.pieces.length; i += 2)
      data += input.toString('latin1', scanner.pieces[i], scanner.pieces[i + 1]);
    if (result !== UNFINISHED) return { end: result, data };
    start = end;
  }
  return { end: UNFINISHED, data };
}

/** RFC 9112 section 7.1 by regular expressions; undefined when it is not the coding, whole and nothing more. */
function readPlainly(text: string): string | undefined {
  let data = '';
  let rest = text;
  for (;;) {
    const line = /^([0-9a-fA-F]+)[ \t]*(?:;[^\r\n]*)?\r\n/.exec(rest);
    if (line === null) return undefined;
    rest = rest.slice(line[0].length);
    const size = Number.parseInt(line[1]!, 16);
    if (size === 0) break;
    if (rest.length < size + 2 || rest.slice(size, size + 2) !== '\r\n') return undefined;
    data += rest.slice(0, size);
    rest = rest.slice(size + 2);
  }
  return /^(?:[^\s:]+:[^\r\n]*\r\n)*\r\n$/.test(rest) ? data : undefined;
}
