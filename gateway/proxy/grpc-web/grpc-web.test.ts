import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINES } from '../testbed/test-proxy.ts';
import { LARGE, startGrpcBackend, startWebProxy } from './testbed/grpc-backend.ts';
import { call, FORMS, message, VERSIONS } from './testbed/web-call.ts';

for (const version of VERSIONS)
  for (const form of FORMS)
    test(`answers of a backend, ${version}, ${form === '' ? 'binary' : 'text'}`, async (t) => {
      await using backend = await startGrpcBackend();
      await using proxy = await startWebProxy([backend.port]);
      const ask = (method: string, body?: string | Buffer): ReturnType<typeof call> =>
        call(proxy.port, { version, form, method, ...(body === undefined ? {} : { body }) });
      const encode = (bytes: Buffer): string | Buffer => (form === '' ? bytes : bytes.toString('base64'));

      await t.test('unary: what the backend sees, and what the client gets', async () => {
        const { status, headers, messages, trailers } = await ask('Echo');
        assert.deepEqual(
          [status, messages, trailers],
          [200, ['hello'], { 'grpc-status': '0', 'x-last': 'yes' }],
        );
        assert.equal(headers['content-type'], `application/grpc-web${form}+proto`);
        assert.deepEqual([headers['x-first'], headers['content-length']], ['yes', undefined]);
        const seen = backend.calls.at(-1);
        assert.deepEqual(
          [
            seen?.headers['content-type'],
            seen?.headers['te'],
            seen?.headers['content-length'],
            seen?.headers['x-grpc-web'],
          ],
          ['application/grpc+proto', 'trailers', undefined, '1'],
        );
        assert.deepEqual(seen?.body, message('hello'));
      });

      await t.test('server streaming', async () => {
        const { messages, trailers } = await ask('Stream');
        assert.deepEqual([messages, trailers['grpc-status']], [['one', '', 'three'], '0']);
      });

      await t.test('no message at all', async () => {
        const { status, messages, trailers } = await ask('Empty', '');
        assert.deepEqual([status, messages, trailers['grpc-status']], [200, [], '0']);
        assert.equal(backend.calls.at(-1)?.body.length, 0);
      });

      await t.test('status and message', async () => {
        const { status, trailers } = await ask('Fail');
        assert.deepEqual([status, trailers], [200, { 'grpc-status': '5', 'grpc-message': 'tells why' }]);
      });

      await t.test('trailers only: in the head, without a body', async () => {
        const { status, headers, body } = await ask('Denied');
        assert.deepEqual([status, headers['grpc-status'], headers['grpc-message']], [200, '7', 'no%20way']);
        assert.equal(headers['content-type'], `application/grpc-web${form}+proto`);
        assert.equal(body.length, 0);
      });

      await t.test('an answer that is not gRPC passes as it is', async () => {
        const { status, headers, body } = await ask('Page');
        assert.deepEqual([status, headers['content-type'], String(body)], [503, 'text/plain', 'later']);
      });

      await t.test('messages larger than every buffer, both ways', async () => {
        const large = 'x'.repeat(LARGE);
        const sent = await ask('Echo', encode(message(large)));
        assert.equal(sent.messages[0] === large, true);
        assert.equal((await ask('Large')).messages[0] === large, true);
      });
    });

for (const engine of ENGINES)
  test(`${engine}: the text form in padded pieces`, async () => {
    await using backend = await startGrpcBackend();
    await using proxy = await startWebProxy([backend.port], { kind: 'GRPCRoute' }, { engine });
    const body = ['one', 'two', 'three'].map((text) => message(text).toString('base64')).join('');
    for (const version of VERSIONS) {
      const { messages } = await call(proxy.port, { version, form: '-text', method: 'Echo', body });
      assert.deepEqual(messages, ['one', 'two', 'three']);
    }
  });

test('who accepts one form gets it, whatever was sent', async () => {
  await using backend = await startGrpcBackend();
  await using proxy = await startWebProxy([backend.port]);
  for (const [form, accept, expected] of [
    ['', 'application/grpc-web-text', 'application/grpc-web-text+proto'],
    ['', '*/*', 'application/grpc-web+proto'],
    ['-text', 'application/grpc-web', 'application/grpc-web+proto'],
    ['-text', '*/*', 'application/grpc-web-text+proto'],
  ] as const) {
    const { headers, messages } = await call(proxy.port, {
      version: 'HTTP/1.1',
      form,
      method: 'Echo',
      headers: { accept },
    });
    assert.deepEqual([headers['content-type'], messages], [expected, ['hello']]);
  }
});

test('no bridge: another Route, another type, another method', async () => {
  await using backend = await startGrpcBackend();
  await using plain = await startWebProxy([backend.port], {});
  await using proxy = await startWebProxy([backend.port]);
  const text = message('hello').toString('base64');
  for (const version of VERSIONS) {
    // The trailers of the backend are HTTP's, or dropped: nothing is made of them.
    await call(plain.port, { version, form: '-text', method: 'Page' });
    const seen = backend.calls.at(-1);
    assert.equal(seen?.headers['content-type'], 'application/grpc-web-text+proto');
    assert.equal(String(seen?.body), text);
    for (const type of ['application/grpc-webx', 'application/grpc-web-text+a b', 'application/json']) {
      await call(proxy.port, { version, form: '-text', method: 'Page', headers: { 'content-type': type } });
      assert.equal(backend.calls.at(-1)?.headers['content-type'], type);
    }
  }
});
