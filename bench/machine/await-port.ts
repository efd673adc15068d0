// Waits for a program to accept connections.
import { connect } from 'node:net';
import type { Program } from './program.ts';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 20;

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
