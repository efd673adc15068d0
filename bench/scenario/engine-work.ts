// The work of each engine scenario: how it is proved before the load, and the load itself, the same for every proxy.
import { join } from 'node:path';
import { runH2load } from '../load/h2load.ts';
import { checkBytes, type LoadReport } from '../load/load-report.ts';
import { runWebSocket } from '../load/websocket.ts';
import { runWrk, type WrkLoad } from '../load/wrk.ts';
import { ROOT } from '../machine/checkout.ts';
import { proveHttp1 } from '../proof/http1.ts';
import { proveGrpc, proveHttp2, STREAMS } from '../proof/http2.ts';
import { GRPC_HOST, GRPC_MESSAGE } from '../load/grpc-message.ts';
import type { Proof } from '../proof/proof.ts';
import { proveWebSocket } from '../proof/websocket.ts';
import { GRPC_PATH, type FrontPorts } from '../proxy/proxy.ts';
import type { EngineScenario } from './engine-goal.ts';

/** What loads need beside the proxy's ports. */
export interface LoadTools {
  readonly core: number;
  /** The compiled websocket.c. */
  readonly websocket: string;
  /** File that holds GRPC_MESSAGE. */
  readonly grpcMessage: string;
  /** OpenSSL's configuration for wrk. */
  readonly tlsConfig: string;
}

type Load = (ports: FrontPorts, seconds: number, tools: LoadTools, stop: AbortSignal) => Promise<LoadReport>;

export interface EngineWork {
  readonly prove: Proof;
  readonly load: Load;
}

const SCRIPT = join(ROOT, 'bench/load/wrk.lua');
const CONNECTIONS = 64;
const LARGE_CONNECTIONS = 16;
const H2_CONNECTIONS = 16;
const KILOBYTE = 1024;
const MEGABYTE = 1 << 20;
const MOST_HEAD = 1024;
/** On a busy machine a late answer is no wrong one. */
const PATIENCE_SECONDS = 10;
const POSTED = Buffer.alloc(10_240, 'a');

export const ENGINE_WORK: Readonly<Record<EngineScenario, EngineWork>> = {
  'http1-1k': {
    prove: proveHttp1({ method: 'GET', path: '/1k' }),
    load: loadHttp1({ path: '/1k', answerBytes: KILOBYTE }),
  },
  'post-10k': {
    prove: proveHttp1({ method: 'POST', path: '/post', body: POSTED }),
    load: loadHttp1({ path: '/post', answerBytes: KILOBYTE, words: ['post'] }),
  },
  'body-1m': {
    prove: proveHttp1({ method: 'GET', path: '/1m' }),
    load: loadHttp1({ path: '/1m', answerBytes: MEGABYTE, connections: LARGE_CONNECTIONS }),
  },
  'new-connection': {
    prove: proveHttp1({ method: 'GET', path: '/1k', close: true }),
    load: loadHttp1({ path: '/1k', answerBytes: KILOBYTE, headers: ['Connection: close'] }),
  },
  'tls13-1k': {
    prove: proveHttp1({ method: 'GET', path: '/1k', tls: true }),
    load: loadHttp1({ path: '/1k', answerBytes: KILOBYTE, tls: true }),
  },
  'h2c-to-http1': { prove: proveHttp2, load: loadHttp2 },
  'grpc-unary': { prove: proveGrpc, load: loadGrpc },
  websocket: { prove: proveWebSocket, load: loadWebSocket },
};

interface Http1Load {
  readonly path: string;
  readonly answerBytes: number;
  readonly connections?: number;
  readonly headers?: readonly string[];
  /** For wrk.lua. */
  readonly words?: readonly string[];
  readonly tls?: boolean;
}

function loadHttp1(work: Http1Load): Load {
  const { path, answerBytes, connections = CONNECTIONS, headers = [], words = [], tls = false } = work;
  return async (ports, seconds, { core, tlsConfig }, stop) => {
    // With TLS a name, since wrk sends it as SNI, which must not be an address (RFC 6066 section 3).
    const url = tls ? `https://localhost:${ports.https}${path}` : `http://127.0.0.1:${ports.http}${path}`;
    const load: WrkLoad = {
      url,
      connections,
      seconds,
      core,
      headers,
      timeoutSeconds: PATIENCE_SECONDS,
      script: [SCRIPT, ...words],
    };
    const env = { ...process.env, OPENSSL_CONF: tlsConfig };
    const { bytes, ...report } = await runWrk(tls ? { ...load, env } : load, stop);
    const expected = {
      requests: report.requests,
      body: answerBytes,
      head: MOST_HEAD,
      inFlight: connections,
    };
    const fault = report.problems ?? checkBytes(bytes ?? 0, expected);
    return { requests: report.requests, seconds: report.seconds, errors: report.errors, fault };
  };
}

async function loadHttp2(
  ports: FrontPorts,
  seconds: number,
  { core }: LoadTools,
  stop: AbortSignal,
): Promise<LoadReport> {
  const url = `http://127.0.0.1:${ports.h2c}/1k`;
  const size = { connections: H2_CONNECTIONS, streams: STREAMS, seconds, core };
  return runH2load({ url, ...size, answerBytes: KILOBYTE }, stop);
}

async function loadGrpc(
  ports: FrontPorts,
  seconds: number,
  { core, grpcMessage }: LoadTools,
  stop: AbortSignal,
): Promise<LoadReport> {
  const url = `http://127.0.0.1:${ports.h2c}${GRPC_PATH}`;
  const size = { connections: H2_CONNECTIONS, streams: STREAMS, seconds, core };
  const headers = [`:authority: ${GRPC_HOST}`, 'content-type: application/grpc', 'te: trailers'];
  return runH2load({ url, ...size, headers, body: grpcMessage, answerBytes: GRPC_MESSAGE.length }, stop);
}

async function loadWebSocket(
  ports: FrontPorts,
  seconds: number,
  { core, websocket }: LoadTools,
  stop: AbortSignal,
): Promise<LoadReport> {
  return runWebSocket(
    { program: websocket, port: ports.http, connections: CONNECTIONS, seconds, core },
    stop,
  );
}
