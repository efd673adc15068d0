// The examples of RFC 7541 appendix C: what is read, what is written, and what the table holds after each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockReader, type Decoding } from './block-reader.ts';
import { BLOCK_END } from './kind.ts';
import { DynamicTable, LINE_LENGTH } from './dynamic-table.ts';
import { HeaderLine } from './header-line.ts';
import {
  NEVER_INDEXED,
  WITH_INDEXING,
  WITHOUT_INDEXING,
  writeIndexed,
  writeLiteral,
  writeResize,
  type Indexing,
} from './representation.ts';

/** An index, or a literal: how it is indexed, the index of its name, its line. */
type Representation = number | readonly [indexing: Indexing, name: number, line: string];

interface Example {
  readonly name: string;
  readonly tableSize: number;
  readonly packed: boolean;
  readonly blocks: readonly {
    readonly hex: string;
    readonly written: readonly Representation[];
    readonly fields: readonly string[];
    /** Newest first. */
    readonly table: readonly string[];
    readonly size: number;
  }[];
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
] as const;
const REQUEST_TABLES = [
  [':authority: www.example.com'],
  ['cache-control: no-cache', ':authority: www.example.com'],
  ['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com'],
] as const;
const REQUEST_WRITTEN: readonly (readonly Representation[])[] = [
  [2, 6, 4, [WITH_INDEXING, 1, ':authority: www.example.com']],
  [2, 6, 4, 62, [WITH_INDEXING, 24, 'cache-control: no-cache']],
  [2, 7, 5, 63, [WITH_INDEXING, 0, 'custom-key: custom-value']],
];
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const DATE = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const LATER = 'date: Mon, 21 Oct 2013 20:13:22 GMT';
const LOCATION = 'location: https://www.example.com';
const RESPONSES = [
  [':status: 302', 'cache-control: private', DATE, LOCATION],
  [':status: 307', 'cache-control: private', DATE, LOCATION],
  [':status: 200', 'cache-control: private', LATER, LOCATION, 'content-encoding: gzip', COOKIE],
] as const;
const RESPONSE_TABLES = [
  [LOCATION, DATE, 'cache-control: private', ':status: 302'],
  [':status: 307', LOCATION, DATE, 'cache-control: private'],
  [COOKIE, 'content-encoding: gzip', LATER],
] as const;
const RESPONSE_WRITTEN: readonly (readonly Representation[])[] = [
  [
    [WITH_INDEXING, 8, ':status: 302'],
    [WITH_INDEXING, 24, 'cache-control: private'],
    [WITH_INDEXING, 33, DATE],
    [WITH_INDEXING, 46, LOCATION],
  ],
  [[WITH_INDEXING, 8, ':status: 307'], 65, 64, 63],
  [
    8,
    65,
    [WITH_INDEXING, 33, LATER],
    64,
    [WITH_INDEXING, 26, 'content-encoding: gzip'],
    [WITH_INDEXING, 55, COOKIE],
  ],
];

/** What we write otherwise: names are never packed, nor values that would not become shorter. */
const OWN: Readonly<Record<string, string>> = {
  '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf': '828785bf400a637573746f6d2d6b65798925a849e95bb8e8b4bf',
  '4883640effc1c0bf': '4803333037c1c0bf',
};

const EXAMPLES: readonly Example[] = [
  single('C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', [
    [WITH_INDEXING, 0, 'custom-key: custom-header'],
  ]),
  single('C.2.2', '040c2f73616d706c652f70617468', [[WITHOUT_INDEXING, 4, ':path: /sample/path']]),
  single('C.2.3', '100870617373776f726406736563726574', [[NEVER_INDEXED, 0, 'password: secret']]),
  single('C.2.4', '82', [2], ':method: GET'),
  series(
    'C.3',
    false,
    4096,
    REQUESTS,
    REQUEST_WRITTEN,
    REQUEST_TABLES,
    [57, 110, 164],
    [
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
  ),
  series(
    'C.4',
    true,
    4096,
    REQUESTS,
    REQUEST_WRITTEN,
    REQUEST_TABLES,
    [57, 110, 164],
    [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
  ),
  series(
    'C.5',
    false,
    256,
    RESPONSES,
    RESPONSE_WRITTEN,
    RESPONSE_TABLES,
    [222, 222, 215],
    [
      '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
      '4803333037c1c0bf',
      '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
    ],
  ),
  series(
    'C.6',
    true,
    256,
    RESPONSES,
    RESPONSE_WRITTEN,
    RESPONSE_TABLES,
    [222, 222, 215],
    [
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      '4883640effc1c0bf',
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ],
  ),
];

const reader = new BlockReader();
reader.reserve(4096);

for (const { name, tableSize, packed, blocks } of EXAMPLES) {
  test(`read: ${name}`, () => {
    const decoding: Decoding = { table: new DynamicTable(tableSize), mostTableSize: tableSize };
    for (const { hex, fields, table, size } of blocks) {
      const block = Buffer.from(hex, 'hex');
      reader.open(decoding, block, 0, block.length);
      for (const field of fields) {
        assert.ok(reader.next() >= 0);
        const name = reader.bytes.toString('latin1', reader.start, reader.nameEnd);
        assert.equal(`${name}: ${reader.bytes.toString('latin1', reader.valueStart, reader.end - 2)}`, field);
      }
      assert.equal(reader.next(), BLOCK_END);
      assert.deepEqual(linesOf(decoding.table), table);
      assert.equal(decoding.table.size, size);
    }
  });

  test(`written: ${name}`, () => {
    for (const { hex, written } of blocks) assert.equal(write(written, packed), OWN[hex] ?? hex);
  });
}

test('integers: C.1', () => {
  const out = Buffer.alloc(8);
  // The prefix of a table size update has five bits, as in the examples.
  assert.equal(out.subarray(0, writeResize(out, 0, 10)).toString('hex'), '2a');
  assert.equal(out.subarray(0, writeResize(out, 0, 1337)).toString('hex'), '3f9a0a');
});

function write(representations: readonly Representation[], packed: boolean): string {
  const out = Buffer.alloc(1024);
  const line = new HeaderLine();
  let at = 0;
  for (const representation of representations) {
    if (typeof representation === 'number') at = writeIndexed(out, at, representation);
    else {
      const [indexing, name, field] = representation;
      const text = Buffer.from(`${field}\r\n`);
      line.read(text, 0, text.length);
      if (field.startsWith(':')) {
        line.nameEnd = field.indexOf(':', 1);
        line.valueStart = line.nameEnd + 2;
      }
      at = writeLiteral(out, at, indexing, name, text, line, packed);
    }
  }
  return out.subarray(0, at).toString('hex');
}

function linesOf(table: DynamicTable): string[] {
  return Array.from({ length: table.count }, (_, age) => {
    const place = table.place(table.added - 1 - age);
    const start = table.lineStart(place);
    return table.lines.toString('latin1', start, start + table.notes[place + LINE_LENGTH]! - 2);
  });
}

function single(name: string, hex: string, written: readonly Representation[], field = ''): Example {
  const representation = written[0];
  const line = typeof representation === 'object' ? representation[2] : field;
  const kept = typeof representation === 'object' && representation[0] === WITH_INDEXING;
  const size = kept ? line.length - 2 + 32 : 0;
  const block = { hex, written, fields: [line], table: kept ? [line] : [], size };
  return { name, tableSize: 4096, packed: false, blocks: [block] };
}

function series(
  name: string,
  packed: boolean,
  tableSize: number,
  fields: readonly (readonly string[])[],
  written: readonly (readonly Representation[])[],
  tables: readonly (readonly string[])[],
  sizes: readonly number[],
  hex: readonly string[],
): Example {
  const blocks = hex.map((hex, i) => ({
    hex,
    written: written[i] ?? [],
    fields: fields[i] ?? [],
    table: tables[i] ?? [],
    size: sizes[i] ?? 0,
  }));
  return { name, tableSize, packed, blocks };
}
