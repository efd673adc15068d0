// The proof of the WebSocket scenario: the handshake goes through. That echoes are right is shown by the load, which compares each.
import { once } from 'node:events';
import { request as startRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WEBSOCKET_PATH } from '../proxy/proxy.ts';
import { expectSeen, expectThat, type Proof } from './proof.ts';

/** The sample of RFC 6455 section 1.3, as websocket.c sends it. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

export const proveWebSocket: Proof = async ({ ports, inspector }, signal) => {
  inspector.reset(1);
  const request = startRequest({
    host: '127.0.0.1',
    port: ports.http,
    path: WEBSOCKET_PATH,
    signal,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': KEY,
      'sec-websocket-version': '13',
    },
  });
  request.end();
  const refused = once(request, 'response').then(([response]) => {
    throw new Error(`the handshake was answered ${(response as IncomingMessage).statusCode}`);
  });
  const taken = once(request, 'upgrade') as Promise<[IncomingMessage, Duplex]>;
  const [response, socket] = await Promise.race([taken, refused]);
  socket.destroy();
  expectThat('sec-websocket-accept', response.headers['sec-websocket-accept'], ACCEPT);
  const [seen] = expectSeen(inspector, 1);
  expectThat('upgrade at the origin', seen!.headers['upgrade'], 'websocket');
  expectThat('key at the origin', seen!.headers['sec-websocket-key'], KEY);
};
