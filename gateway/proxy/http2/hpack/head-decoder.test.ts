import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fault from './head-fault.ts';
import { HeadDecoder, type HeadLimits } from './head-decoder.ts';
import { indexed, literal, plain, resize } from './testbed/block.ts';

const LIMITS: HeadLimits = { maxTableSize: 4096, maxHeadBytes: 32_768, maxHeaders: 128 };
const out = { buffer: Buffer.alloc(65_536), address: 0 };
type Part = 'request' | 'response' | 'trailers';
type Fields = readonly (readonly [name: string, value: string])[];

function decode(decoder: HeadDecoder, part: Part, block: Buffer): string {
  const end = decoder[part](block, 0, block.length, out, 8);
  return end < 0 ? fault.headFaultDetail(end) : out.buffer.toString('latin1', 8, end);
}

const request = (fields: Fields): string => decode(new HeadDecoder(LIMITS), 'request', plain(fields));
const response = (fields: Fields): string => decode(new HeadDecoder(LIMITS), 'response', plain(fields));
const trailers = (fields: Fields): string => decode(new HeadDecoder(LIMITS), 'trailers', plain(fields));

const METHOD = [':method', 'GET'] as const;
const SCHEME = [':scheme', 'http'] as const;
const PATH = [':path', '/'] as const;
const AUTHORITY = [':authority', 'a.example'] as const;
const GET: Fields = [METHOD, SCHEME, PATH, AUTHORITY];
const OK = [':status', '200'] as const;

test('a request becomes its HTTP/1.1 head, whatever the order of its pseudo-header fields', () => {
  const head = 'GET /a?b=c HTTP/1.1\r\nhost: a.example:8080\r\naccept: */*\r\nx-a: \r\nx-b: c, d\r\n\r\n';
  const pseudo: Fields = [
    [':path', '/a?b=c'],
    [':authority', 'a.example:8080'],
    [':method', 'GET'],
    [':scheme', 'https'],
  ];
  const fields: Fields = [
    ['accept', '*/*'],
    ['x-a', ''],
    ['x-b', 'c, d'],
  ];
  const decoder = new HeadDecoder(LIMITS);
  for (const order of [pseudo, pseudo.toReversed()]) {
    assert.equal(decode(decoder, 'request', plain([...order, ...fields])), head);
    assert.equal(decoder.scheme, 'https');
    assert.equal(decoder.protocol, '');
    assert.equal(decoder.isConnect, false);
  }
});

test('Host without :authority stays where it is, and one that says the same is left out', () => {
  const host = ['host', 'A.example'] as const;
  assert.equal(
    request([METHOD, SCHEME, PATH, ['x', 'y'], host]),
    'GET / HTTP/1.1\r\nx: y\r\nhost: A.example\r\n\r\n',
  );
  assert.equal(
    request([...GET, host, ['x', 'y'], host]),
    'GET / HTTP/1.1\r\nhost: a.example\r\nx: y\r\n\r\n',
  );
});

test('cookies become one line', () => {
  const cookies: Fields = [...GET, ['cookie', 'a=b'], ['x', 'y'], ['cookie', 'c=d'], ['cookie', 'e=f']];
  assert.equal(
    request(cookies),
    'GET / HTTP/1.1\r\nhost: a.example\r\nx: y\r\ncookie: a=b; c=d; e=f\r\n\r\n',
  );
  assert.equal(
    request([...GET, ['cookie', 'a=b']]),
    'GET / HTTP/1.1\r\nhost: a.example\r\ncookie: a=b\r\n\r\n',
  );
});

test('CONNECT, extended CONNECT and OPTIONS *', () => {
  const connect = [':method', 'CONNECT'] as const;
  const decoder = new HeadDecoder(LIMITS);
  assert.equal(
    decode(decoder, 'request', plain([connect, [':authority', 'a:443']])),
    'CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n',
  );
  assert.deepEqual([decoder.isConnect, decoder.protocol, decoder.scheme], [true, '', '']);
  const websocket = plain([connect, [':protocol', 'websocket'], SCHEME, PATH, AUTHORITY]);
  assert.equal(decode(decoder, 'request', websocket), 'GET / HTTP/1.1\r\nhost: a.example\r\n\r\n');
  assert.deepEqual([decoder.isConnect, decoder.protocol, decoder.scheme], [true, 'websocket', 'http']);
  const options: Fields = [[':method', 'OPTIONS'], SCHEME, [':path', '*'], AUTHORITY];
  assert.equal(decode(decoder, 'request', plain(options)), 'OPTIONS * HTTP/1.1\r\nhost: a.example\r\n\r\n');
  assert.deepEqual([decoder.isConnect, decoder.protocol], [false, '']);
});

test('TE is noted', () => {
  const decoder = new HeadDecoder(LIMITS);
  const head = decode(decoder, 'request', plain([...GET, ['te', 'trailers']]));
  assert.equal(head, 'GET / HTTP/1.1\r\nhost: a.example\r\nte: trailers\r\n\r\n');
  assert.equal(decoder.takesTrailers, true);
  decode(decoder, 'request', plain(GET));
  assert.equal(decoder.takesTrailers, false);
});

test('answers and trailers', () => {
  assert.equal(response([OK]), 'HTTP/1.1 200 \r\n\r\n');
  assert.equal(
    response([
      [':status', '103'],
      ['link', '</a>'],
      ['cookie', 'a'],
      ['cookie', 'b'],
    ]),
    'HTTP/1.1 103 \r\nlink: </a>\r\ncookie: a\r\ncookie: b\r\n\r\n',
  );
  assert.equal(trailers([['grpc-status', '0']]), 'grpc-status: 0\r\n\r\n');
  assert.equal(trailers([]), '\r\n');
});

test('a field that is never to be indexed has no space after its colon', () => {
  const block = Buffer.concat([plain(GET), literal('x-key', 'secret', { indexing: 'never' })]);
  assert.equal(
    decode(new HeadDecoder(LIMITS), 'request', block),
    'GET / HTTP/1.1\r\nhost: a.example\r\nx-key:secret\r\n\r\n',
  );
});

const without = (name: string): Fields => GET.filter(([other]) => other !== name);
const replaced = (name: string, value: string): Fields => [...without(name), [name, value]];
const long = (method: string, ...more: Fields): Fields => [[':method', method], ...more];

const REQUESTS_REFUSED: readonly (readonly [name: string, fields: Fields, expected: number])[] = [
  ['nothing', [], fault.METHOD_MISSING],
  ['only a field', [['x', 'y']], fault.METHOD_MISSING],
  ['no :method', without(':method'), fault.METHOD_MISSING],
  ['no :scheme', without(':scheme'), fault.SCHEME_MISSING],
  ['no :path', without(':path'), fault.PATH_MISSING],
  ['no :path before fields', [...without(':path'), ['x', 'y']], fault.PATH_MISSING],
  ['two :path', [...GET, PATH], fault.PSEUDO_DOUBLED],
  ['two :authority', [...GET, AUTHORITY], fault.PSEUDO_DOUBLED],
  [':path after a field', [...without(':path'), ['x', 'y'], PATH], fault.PATH_MISSING],
  [':path once more after a field', [...GET, ['x', 'y'], PATH], fault.PSEUDO_LATE],
  [':path after a cookie', [...GET, ['cookie', 'y'], PATH], fault.PSEUDO_LATE],
  ['unknown pseudo-header field', [...GET, [':x', 'y']], fault.PSEUDO_UNKNOWN],
  ['":" alone', [...GET, [':', 'y']], fault.PSEUDO_UNKNOWN],
  ['upper-case pseudo-header field', [...without(':path'), [':Path', '/']], fault.PSEUDO_UNKNOWN],
  [':status in a request', [...GET, OK], fault.PSEUDO_UNKNOWN],
  ['empty :method', replaced(':method', ''), fault.METHOD_INVALID],
  ['space in :method', replaced(':method', 'GET /admin HTTP/1.1'), fault.METHOD_INVALID],
  ['CR LF in :method', replaced(':method', 'GET / HTTP/1.1\r\nx: y'), fault.METHOD_INVALID],
  ['empty :scheme', replaced(':scheme', ''), fault.SCHEME_INVALID],
  [':scheme with a colon', replaced(':scheme', 'http://x'), fault.SCHEME_INVALID],
  [':scheme with a digit first', replaced(':scheme', '1a'), fault.SCHEME_INVALID],
  ['empty :path', replaced(':path', ''), fault.PATH_INVALID],
  [':path without a slash', replaced(':path', 'a'), fault.PATH_INVALID],
  ['absolute :path', replaced(':path', 'http://b/'), fault.PATH_INVALID],
  ['* with GET', replaced(':path', '*'), fault.PATH_INVALID],
  [':path that begins with *', replaced(':path', '*/a'), fault.PATH_INVALID],
  ['space in :path', replaced(':path', '/ HTTP/1.1'), fault.PATH_INVALID],
  ['CR LF in :path', replaced(':path', '/ HTTP/1.1\r\nx: y'), fault.PATH_INVALID],
  ['NUL in :path', replaced(':path', '/\0'), fault.PATH_INVALID],
  ['byte above ASCII in :path', replaced(':path', '/\xe9'), fault.PATH_INVALID],
  ['tab in :path', replaced(':path', '/\t'), fault.PATH_INVALID],
  ['DEL in :path', replaced(':path', '/\x7f'), fault.PATH_INVALID],
  ['user name in :authority', replaced(':authority', 'user@a.example'), fault.AUTHORITY_INVALID],
  ['space in :authority', replaced(':authority', 'a b'), fault.AUTHORITY_INVALID],
  ['CR LF in :authority', replaced(':authority', 'a\r\nx: y'), fault.AUTHORITY_INVALID],
  ['another Host', [...GET, ['host', 'b.example']], fault.HOST_DIFFERS],
  ['a shorter Host', [...GET, ['host', 'a']], fault.HOST_DIFFERS],
  ['CONNECT without :authority', long('CONNECT'), fault.AUTHORITY_MISSING],
  ['CONNECT with :path', long('CONNECT', AUTHORITY, PATH), fault.CONNECT_INVALID],
  ['CONNECT with :scheme', long('CONNECT', AUTHORITY, SCHEME), fault.CONNECT_INVALID],
  [':protocol without CONNECT', [...GET, [':protocol', 'websocket']], fault.PROTOCOL_INVALID],
  ['empty :protocol', long('CONNECT', [':protocol', '']), fault.PROTOCOL_INVALID],
  [
    'extended CONNECT without :scheme',
    long('CONNECT', [':protocol', 'a'], PATH, AUTHORITY),
    fault.SCHEME_MISSING,
  ],
  [
    'extended CONNECT without :path',
    long('CONNECT', [':protocol', 'a'], SCHEME, AUTHORITY),
    fault.PATH_MISSING,
  ],
  ['empty name', [...GET, ['', 'x']], fault.NAME_INVALID],
  ['upper-case name', [...GET, ['X-A', 'x']], fault.NAME_INVALID],
  ['space in a name', [...GET, ['x ', 'x']], fault.NAME_INVALID],
  ['colon in a name', [...GET, ['x:y', 'x']], fault.NAME_INVALID],
  ['CR LF in a name', [...GET, ['x\r\ny', 'x']], fault.NAME_INVALID],
  ['NUL in a name', [...GET, ['x\0', 'x']], fault.NAME_INVALID],
  ['byte above ASCII in a name', [...GET, ['x\xe9', 'x']], fault.NAME_INVALID],
  ['CR in a value', [...GET, ['x', 'a\rb']], fault.VALUE_INVALID],
  ['LF in a value', [...GET, ['x', 'a\nb']], fault.VALUE_INVALID],
  ['NUL in a value', [...GET, ['x', 'a\0b']], fault.VALUE_INVALID],
  ['CR LF in a cookie', [...GET, ['cookie', 'a\r\nb: c']], fault.VALUE_INVALID],
  ['space before a value', [...GET, ['x', ' a']], fault.VALUE_INVALID],
  ['tab after a value', [...GET, ['x', 'a\t']], fault.VALUE_INVALID],
  ['only a space', [...GET, ['x', ' ']], fault.VALUE_INVALID],
  ['connection', [...GET, ['connection', 'close']], fault.CONNECTION_SPECIFIC],
  ['proxy-connection', [...GET, ['proxy-connection', 'x']], fault.CONNECTION_SPECIFIC],
  ['keep-alive', [...GET, ['keep-alive', 'x']], fault.CONNECTION_SPECIFIC],
  ['transfer-encoding', [...GET, ['transfer-encoding', 'chunked']], fault.CONNECTION_SPECIFIC],
  ['upgrade', [...GET, ['upgrade', 'h2c']], fault.CONNECTION_SPECIFIC],
  ['te: gzip', [...GET, ['te', 'trailers, gzip']], fault.TE_INVALID],
  ['te: Trailers', [...GET, ['te', 'Trailers']], fault.TE_INVALID],
];

for (const [name, fields, expected] of REQUESTS_REFUSED)
  test(`request refused: ${name}`, () => {
    assert.equal(request(fields), fault.headFaultDetail(expected));
    assert.equal(fault.headFaultKind(expected), 'MALFORMED');
    // The same from the table, where its kind is kept.
    const decoder = new HeadDecoder(LIMITS);
    const learned = Buffer.concat(fields.map(([name, value]) => literal(name, value)));
    assert.equal(decode(decoder, 'request', learned), fault.headFaultDetail(expected));
    const again = Buffer.concat(fields.map((_, i) => indexed(61 + fields.length - i)));
    assert.equal(decode(decoder, 'request', again), fault.headFaultDetail(expected));
  });

const ANSWERS_REFUSED: readonly (readonly [name: string, fields: Fields, expected: number])[] = [
  ['nothing', [], fault.STATUS_MISSING],
  ['a field first', [['x', 'y'], OK], fault.STATUS_MISSING],
  ['two :status', [OK, OK], fault.PSEUDO_DOUBLED],
  [':status again after a field', [OK, ['x', 'y'], OK], fault.PSEUDO_LATE],
  [':path in an answer', [OK, PATH], fault.PSEUDO_UNKNOWN],
  ['two digits', [[':status', '20']], fault.STATUS_INVALID],
  ['four digits', [[':status', '2000']], fault.STATUS_INVALID],
  ['a letter', [[':status', '2x0']], fault.STATUS_INVALID],
  ['600', [[':status', '600']], fault.STATUS_INVALID],
  ['99', [[':status', '099']], fault.STATUS_INVALID],
  ['101', [[':status', '101']], fault.STATUS_INVALID],
  ['CR LF in :status', [[':status', '200\r\nx: y']], fault.STATUS_INVALID],
  ['connection', [OK, ['connection', 'close']], fault.CONNECTION_SPECIFIC],
  ['te', [OK, ['te', 'trailers']], fault.TE_INVALID],
];

for (const [name, fields, expected] of ANSWERS_REFUSED)
  test(`answer refused: ${name}`, () => assert.equal(response(fields), fault.headFaultDetail(expected)));

const TRAILERS_REFUSED: readonly (readonly [name: string, expected: number])[] = [
  [':path', fault.PSEUDO_UNKNOWN],
  [':status', fault.PSEUDO_UNKNOWN],
  ['connection', fault.CONNECTION_SPECIFIC],
  ['content-length', fault.TRAILER_FORBIDDEN],
  ['host', fault.TRAILER_FORBIDDEN],
  ['cookie', fault.TRAILER_FORBIDDEN],
  ['te', fault.TRAILER_FORBIDDEN],
  ['x-forwarded-for', fault.TRAILER_FORBIDDEN],
  ['X', fault.NAME_INVALID],
];
const VALUES: Readonly<Record<string, string>> = { ':path': '/', ':status': '200', te: 'trailers' };

for (const [name, expected] of TRAILERS_REFUSED)
  test(`trailer refused: ${name}`, () =>
    assert.equal(trailers([[name, VALUES[name] ?? '1']]), fault.headFaultDetail(expected)));

test('a name from the table is checked with every new value', () => {
  const decoder = new HeadDecoder(LIMITS);
  assert.match(decode(decoder, 'request', Buffer.concat([plain(GET), literal('x', 'y')])), /x: y/);
  const again = Buffer.concat([plain(GET), literal('', 'y\r\nz: a', { index: 62 })]);
  assert.equal(decode(decoder, 'request', again), fault.headFaultDetail(fault.VALUE_INVALID));
});

test('a resize does not count as a field', () =>
  assert.equal(
    decode(new HeadDecoder(LIMITS), 'request', Buffer.concat([resize(0), resize(100), plain(GET)])),
    'GET / HTTP/1.1\r\nhost: a.example\r\n\r\n',
  ));
