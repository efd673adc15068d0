// Ports for programs that cannot tell which one they were given, and waiting for them to listen.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Program } from './program.ts';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 20;

/** TCP ports of 127.0.0.1, all different, that were free a moment ago. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** `port` of 127.0.0.1. Throws with the end of the program's log when it ends or the time is over. */
export async function awaitPort(
  program: Program,
  port: number,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (program.running && Date.now() < end) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const state = program.running ? `did not listen on port ${port} within ${patienceMs / 1000} s` : 'ended';
  throw new Error(`${program.name} ${state}; it wrote:\n${program.log}`);
}

/** Whether somebody listens on `port` of 127.0.0.1. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
