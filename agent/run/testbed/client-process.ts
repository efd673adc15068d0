// A client in a process of its own, so that it can be put into a cgroup: does what it is asked for by IPC and answers with the
// same id. Ends when its parent does.
import { Client, Pool } from 'undici';

export type ClientRequest =
  /** One request on a connection of its own. */
  | { readonly op: 'get'; readonly url: string }
  /** `requests` in all, or until 'stop' when that is 0; a connection serves `perConnection`. Answered when it is over. */
  | {
      readonly op: 'load';
      readonly url: string;
      readonly connections: number;
      readonly perConnection: number;
      readonly requests: number;
    }
  /** Ends every load. */
  | { readonly op: 'stop' };

export interface ClientAnswer {
  /** Of 'get': status and body, such as '200 v1', or the errno of what went wrong. Of 'load': how often each came. */
  readonly outcomes: Readonly<Record<string, number>>;
}

const TIMEOUT_MS = 10_000;
let stopped = new AbortController();

process.on('message', ({ id, request }: { id: number; request: ClientRequest }) => {
  void answer(request).then((outcomes) => process.send?.({ id, outcomes }));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function answer(request: ClientRequest): Promise<Record<string, number>> {
  switch (request.op) {
    case 'get': {
      const client = new Client(request.url, { headersTimeout: TIMEOUT_MS });
      const outcome = await fetchOnce(client);
      await client.destroy();
      return { [outcome]: 1 };
    }
    case 'load':
      return load(request.url, request.connections, request.perConnection, request.requests);
    case 'stop':
      stopped.abort();
      stopped = new AbortController();
      return {};
    default:
      return { 'unknown request': 1 };
  }
}

async function load(
  url: string,
  connections: number,
  perConnection: number,
  requests: number,
): Promise<Record<string, number>> {
  const { signal } = stopped;
  const pool = new Pool(url, {
    connections,
    maxRequestsPerClient: perConnection,
    headersTimeout: TIMEOUT_MS,
  });
  const outcomes: Record<string, number> = {};
  let left = requests === 0 ? Number.POSITIVE_INFINITY : requests;
  const worker = async (): Promise<void> => {
    while (!signal.aborted && left-- > 0) {
      const outcome = await fetchOnce(pool);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  await pool.close();
  return outcomes;
}

async function fetchOnce(dispatcher: Client | Pool): Promise<string> {
  try {
    const answer = await dispatcher.request({ path: '/', method: 'GET' });
    return `${answer.statusCode} ${await answer.body.text()}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}
