// A gRPC backend on node:http2 with a method for everything that answers differ in, and a proxy whose GRPCRoute leads to it.
import { rule, TestProxy, type TestProxyOptions } from '../../testbed/test-proxy.ts';
import { Http2Backend, http2Snapshot, type Serve } from '../../http2/testbed/ask.ts';
import type { Rule } from '../../../model/route.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import { message } from './web-call.ts';

export const LARGE = 3_000_000;

const CANCEL = 8;
const TRAILERS = { 'grpc-status': '0', 'x-last': 'yes' };

interface Seen {
  headers: Readonly<Record<string, unknown>>;
  body: Buffer;
  /** The stream was reset by the proxy. */
  cancelled: boolean;
  /** Bytes of the answer that the proxy has not taken. */
  unsent(): number;
}

export interface GrpcBackend extends AsyncDisposable {
  readonly port: number;
  readonly calls: readonly Seen[];
}

export async function startGrpcBackend(): Promise<GrpcBackend> {
  const calls: Seen[] = [];
  const serve: Serve = (stream, headers) => {
    const seen: Seen = {
      headers,
      body: Buffer.alloc(0),
      cancelled: false,
      unsent: () => stream.writableLength,
    };
    calls.push(seen);
    stream.on('close', () => (seen.cancelled = stream.rstCode === CANCEL));
    stream.on('data', (piece: Buffer) => (seen.body = Buffer.concat([seen.body, piece])));
    const method = String(headers[':path']).split('/')[2];
    const head = { ':status': 200, 'content-type': 'application/grpc+proto', 'x-first': 'yes' };
    if (method === 'Hang') return;
    if (method === 'Reset') return stream.close(2);
    if (method === 'Half' || method === 'Between') {
      stream.respond(head);
      const bytes = message('whole');
      return void stream.write(method === 'Half' ? bytes.subarray(0, 8) : bytes, () => stream.close(2));
    }
    stream.on('end', () => {
      if (stream.destroyed) return;
      if (method === 'Denied')
        return stream.respond(
          { ...head, 'grpc-status': '7', 'grpc-message': 'no%20way' },
          { endStream: true },
        );
      if (method === 'Page') {
        stream.respond({ ':status': 503, 'content-type': 'text/plain', 'content-length': 5 });
        return stream.end('later');
      }
      stream.respond(head, { waitForTrailers: true });
      const failed = method === 'Fail' ? { 'grpc-status': '5', 'grpc-message': 'tells why' } : TRAILERS;
      stream.on('wantTrailers', () => stream.sendTrailers(failed));
      if (method === 'Stream') for (const text of ['one', '', 'three']) stream.write(message(text));
      if (method === 'Large') stream.write(message(Buffer.alloc(LARGE, 'x')));
      if (method === 'Echo') stream.write(seen.body);
      stream.end();
    });
  };
  const backend = await Http2Backend.start(serve);
  return { port: backend.port, calls, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() };
}

/** In front of `endpoints`, by a GRPCRoute or by `more`. */
export async function startWebProxy(
  endpoints: readonly number[],
  more: Partial<Rule> = { kind: 'GRPCRoute' },
  options: TestProxyOptions = {},
): Promise<TestProxy> {
  const proxy = await TestProxy.start([], options);
  await proxy.proxy.apply(withRule(http2Snapshot(proxy.port, endpoints, 2), rule(more)));
  return proxy;
}

function withRule(snapshot: Snapshot, only: Rule): Snapshot {
  const ports = snapshot.ports.map((port) => ({
    ...port,
    listeners: port.listeners.map((listener) => ({ ...listener, hosts: [{ hostname: '', rules: [only] }] })),
  }));
  return { ...snapshot, ports };
}
