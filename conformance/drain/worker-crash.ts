// How to crash one worker of a gateway from outside: kill -9 where it is a process; in Sluice, where it is a thread, its code is
// stopped in the middle through the inspector of Node, which ends the thread as an uncaught error would.
import { readdirSync, readFileSync } from 'node:fs';
import type { OpenTarget } from '../target/open-target.ts';

const PATIENCE_MS = 5000;

interface InspectorMessage {
  readonly method?: string;
  readonly params?: { readonly sessionId?: string };
}

/** Flags of Node that `crashThread` needs. */
export function inspectorOptions(port: number): Record<string, string> {
  return { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` };
}

/** Resolves when the order has been given. Throws when no worker thread shows itself. */
export async function crashThread(inspectorPort: number): Promise<void> {
  const list = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [program] = (await list.json()) as { webSocketDebuggerUrl: string }[];
  if (program === undefined) throw new Error('the inspector lists no program');
  const socket = new WebSocket(program.webSocketDebuggerUrl);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('the inspector shows no worker thread')), PATIENCE_MS);
  socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  socket.addEventListener('message', ({ data }) => {
    const { method, params } = JSON.parse(String(data)) as InspectorMessage;
    if (method === 'NodeWorker.attachedToWorker') resolve(params?.sessionId ?? '');
  });
  socket.addEventListener('open', () =>
    socket.send(
      JSON.stringify({ id: 1, method: 'NodeWorker.enable', params: { waitForDebuggerOnStart: false } }),
    ),
  );
  try {
    const sessionId = await promise;
    const message = JSON.stringify({ id: 1, method: 'Runtime.terminateExecution' });
    socket.send(
      JSON.stringify({ id: 2, method: 'NodeWorker.sendMessageToWorker', params: { sessionId, message } }),
    );
  } finally {
    clearTimeout(timer);
    // The order must be on its way before the connection goes.
    setTimeout(() => socket.close(), 200);
  }
}

/** Throws when it has no child. */
export function killWorkerProcess({ program }: OpenTarget): void {
  const worker = listChildren(program.pid).at(-1);
  if (worker === undefined) throw new Error(`${program.name} has no worker process`);
  process.kill(worker, 'SIGKILL');
}

/** Field 4 of /proc/PID/stat (proc(5)); the name before it may hold anything, so count from its end. */
function listChildren(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    });
}
