import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawConnection } from './raw-connection.ts';
import { makeToken, Recorder } from './recorder.ts';

async function exchange(
  bytes: string,
  until: string,
): Promise<{ text: string; closed: boolean; recorder: Recorder }> {
  const recorder = await Recorder.open(0);
  const connection = await RawConnection.open('127.0.0.1', recorder.port);
  await connection.send(Buffer.from(bytes, 'latin1'));
  const received = await connection.read({
    idleMs: 5000,
    totalMs: 5000,
    until: (text) => until !== '' && text.includes(until),
  });
  connection.close();
  await recorder.close();
  return { ...received, recorder };
}

test('what belongs to a case is told from what belongs to others, on one connection', async () => {
  const [a, b] = [makeToken(), makeToken()];
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const bytes = [get(`/${a}`), get('/left-over'), get(`/${b}`), get('/next'), get(`/${a}`), get('/end')];
  const { recorder } = await exchange(bytes.join(''), 'ok /end');
  const pieces = (token: string): string[] =>
    recorder.bytesOf(token).map((piece) => piece.toString('latin1'));
  assert.deepEqual(pieces(a), [get(`/${a}`) + get('/left-over'), get(`/${a}`) + get('/end')]);
  assert.deepEqual(pieces(b), [get(`/${b}`) + get('/next')]);
  assert.deepEqual(pieces(makeToken()), []);
});

test('a request that never ended is kept too', async () => {
  const token = makeToken();
  const part = `POST /${token} HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf`;
  const { recorder } = await exchange(`GET /a HTTP/1.1\r\nHost: x\r\n\r\n${part}`, 'ok /a');
  assert.deepEqual(recorder.bytesOf(token).map(String), [part]);
});

test('it answers as the path says', async () => {
  const raw = Buffer.from('HTTP/1.1 299 X\r\n\r\nhi').toString('hex');
  assert.equal(
    (await exchange(`GET /raw/${raw}?close HTTP/1.1\r\n\r\n`, '')).text,
    'HTTP/1.1 299 X\r\n\r\nhi',
  );
  const body = 'POST /rawbody HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n';
  assert.equal((await exchange(body, 'hi')).text, 'hi');
  assert.match((await exchange('GET /big=3 HTTP/1.1\r\nConnection: close\r\n\r\n', '')).text, /\r\n\r\nxxx$/);
  assert.match((await exchange('HEAD /a HTTP/1.0\r\n\r\n', '')).text, /Connection: close\r\n\r\n$/);
  const expects = 'POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi';
  assert.match((await exchange(expects, 'ok')).text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});

test('two names are never the same, and as long as their place', () => {
  assert.notEqual(makeToken(), makeToken());
  assert.match(makeToken(), /^z[0-9a-f]{11}$/);
});
