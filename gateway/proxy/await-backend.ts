// How long a client's half waits for what its backend has to do next: the connection, then the answer or more room.
import type { ClientStream } from './client-stream.ts';
import type { Engine } from './engine.ts';

/** Sets the deadline anew. `connecting`: there is no connection yet. */
export function awaitBackend(engine: Engine, down: ClientStream, connecting: boolean): void {
  const { deadlines, limits } = engine;
  if (connecting) deadlines.set(down, limits.connectTimeout);
  else deadlines.set(down, down.requestComplete ? limits.responseTimeout : limits.idleTimeout);
}
