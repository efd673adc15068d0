// Drives websocket.c, the closed-loop WebSocket load generator.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LoadReport } from './load-report.ts';

export interface WebSocketLoad {
  /** The compiled websocket.c. */
  readonly program: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number;
}

export async function runWebSocket(load: WebSocketLoad, stop: AbortSignal): Promise<LoadReport> {
  const words = [load.program, String(load.port), String(load.connections), String(load.seconds)];
  const child = spawn('taskset', ['--cpu-list', String(load.core), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: stop,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${words.join(' ')} ended with code ${code}`);
  const { error, ...report } = JSON.parse(text) as Omit<LoadReport, 'fault'> & { readonly error: string };
  const fault = report.errors === 0 ? '' : `${report.errors} connections failed: ${error}`;
  return { requests: report.requests, seconds: report.seconds, errors: report.errors, fault };
}
