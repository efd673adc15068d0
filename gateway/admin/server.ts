// The admin port: metrics, health, readiness and the configuration as it serves, for people and probes on this machine.
// It runs on the main thread, reads only, and answers nothing to the network unless told so.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import type { Finding } from '#resources/finding';
import type { Snapshot } from '../model/snapshot.ts';
import type { Exposition } from '../observe/exposition.ts';
import { hostOf, isLoopbackAddress, isLoopbackHost } from './loopback.ts';

/** Beside Cilium's agent port, by habit. */
const DEFAULT_ADMIN_PORT = 9962;
const DEFAULT_ADDRESS = '127.0.0.1';
const MOST_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 10_000;
const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

export interface AdminOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  readonly address?: string;
  /** Without it, only loopback addresses are accepted. */
  readonly allowRemote?: boolean;
  readonly exposition: Exposition;
  /** What keeps this process from serving, one line each; none when it is ready. */
  notReady(): readonly string[];
  snapshot(): Snapshot;
  findings(): readonly Finding[];
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Page = (options: AdminOptions) => Answer | Promise<Answer>;

export class AdminServer {
  /** 'http://127.0.0.1:9962', without a slash at the end. */
  readonly url: string;
  readonly #server: Server;

  /** Throws an Error that names the address and the mend. */
  static async open(options: AdminOptions): Promise<AdminServer> {
    const address = options.address ?? DEFAULT_ADDRESS;
    const port = options.port ?? DEFAULT_ADMIN_PORT;
    if (!isLoopbackAddress(address) && options.allowRemote !== true)
      throw new Error(
        `admin address ${address}: not a loopback address. The admin port shows the configuration to whoever reaches it, ` +
          'without authentication. Mend: use 127.0.0.1 or ::1',
      );
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS });
    server.maxConnections = MOST_CONNECTIONS;
    server.on('request', (request, response) => void serve(options, request, response));
    await listen(server, address, port);
    return new AdminServer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.url = `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  }

  /** Resolves when the port is free again; requests under way are cut. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

const PAGES: Readonly<Record<string, { readonly doc: string; readonly page: Page }>> = {
  '/': { doc: 'this list', page: () => text(200, indexText()) },
  '/metrics': { doc: 'metrics in the Prometheus text format', page: metricsPage },
  '/healthz': { doc: '200 as long as the process runs', page: () => text(200, 'ok\n') },
  '/readyz': {
    doc: '200 once the first configuration serves on every worker, else 503 and why',
    page: readyPage,
  },
  '/config': { doc: 'the configuration that serves, and its findings, as JSON', page: configPage },
};

async function serve(
  options: AdminOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(options, request);
  } catch (error) {
    answer = text(500, `${error instanceof Error ? error.message : String(error)}\n`);
  }
  response.writeHead(answer.status, {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(answer.body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(answer.status === 405 ? { Allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function answerTo(options: AdminOptions, request: IncomingMessage): Answer | Promise<Answer> {
  const host = hostOf(request.headers.host);
  // A literal address cannot be rebound, so a port that is open on purpose answers to those too.
  const known =
    host !== undefined && (isLoopbackHost(host) || (options.allowRemote === true && isIP(host) !== 0));
  if (!known)
    return text(403, 'Host must be localhost or a loopback address: this port answers this machine only\n');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return text(405, 'this port only reads: use GET\n');
  const [path] = (request.url ?? '/').split('?', 1);
  const entry = Object.hasOwn(PAGES, path!) ? PAGES[path!] : undefined;
  return entry === undefined ? text(404, `no such page\n\n${indexText()}`) : entry.page(options);
}

async function metricsPage({ exposition }: AdminOptions): Promise<Answer> {
  return { status: 200, type: exposition.contentType, body: await exposition.scrape() };
}

function readyPage(options: AdminOptions): Answer {
  const reasons = options.notReady();
  if (reasons.length === 0) return text(200, 'ready\n');
  return text(503, `not ready\n${reasons.map((reason) => `- ${reason}\n`).join('')}`);
}

function configPage(options: AdminOptions): Answer {
  const body = { snapshot: hideKeys(options.snapshot()), findings: options.findings() };
  return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(body, undefined, 2)}\n` };
}

/** Whoever reaches this port may know what is served, and not the private keys that it is served with. */
function hideKeys(snapshot: Snapshot): Snapshot {
  const { certificates } = snapshot;
  if (certificates === undefined) return snapshot;
  return { ...snapshot, certificates: certificates.map((one) => ({ ...one, key: '(not shown)' })) };
}

function indexText(): string {
  const lines = Object.entries(PAGES).map(([path, { doc }]) => `${path.padEnd(10)} ${doc}\n`);
  return `Sluice admin\n\n${lines.join('')}`;
}

function text(status: number, body: string): Answer {
  return { status, type: TEXT, body };
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Error(
          `admin ${address}:${port}: ${error.code ?? error.message}. Mend: ${mendOf(error.code, port)}`,
          {
            cause: error,
          },
        ),
      ),
    );
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      // accept(2) failed, for want of descriptors: the client tries again, the process must not end.
      server.on('error', () => {});
      resolve();
    });
  });
}

function mendOf(code: string | undefined, port: number): string {
  if (code === 'EADDRINUSE')
    return `another process holds the port (ss -ltnp 'sport = :${port}' names it): end that one, or choose another with --admin-port`;
  if (code === 'EACCES')
    return 'ports below 1024 need CAP_NET_BIND_SERVICE: choose another with --admin-port';
  if (code === 'EADDRNOTAVAIL') return 'the address is not on this machine';
  return 'choose another address or port with --admin-port';
}
