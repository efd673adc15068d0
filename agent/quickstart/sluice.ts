// `sluice run` as a child of the quick start: its events are read from standard output, its counters from the admin port.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { RunEvent } from '#agent/run/run-event';
import { Child } from './child.ts';

const MAIN = fileURLToPath(import.meta.resolve('#agent/main'));
/** Its own, so that a Sluice that serves this machine is left alone. */
const STATE = '/run/sluice-quickstart';
const REDIRECTED = /^sluice_datapath_connections_total\{[^}]*action="redirected"[^}]*\} (\d+)/m;

type Ready = Extract<RunEvent, { event: 'ready' }>;

export class SluiceProcess {
  readonly child: Child;
  readonly ready: Ready;

  private constructor(child: Child, ready: Ready) {
    this.child = child;
    this.ready = ready;
  }

  /** Resolves once the first revision serves. `cgroup` undefined: the proxy alone. `tell` gets every later event. */
  static async start(
    directory: string,
    cgroup: string | undefined,
    tell: (event: RunEvent) => void,
  ): Promise<SluiceProcess> {
    const steering = cgroup === undefined ? ['--no-datapath'] : ['--cgroup', cgroup, '--state', STATE];
    const child = new Child('sluice run', MAIN, [
      'run',
      directory,
      '-o',
      'json',
      '--admin-port',
      '0',
      ...steering,
    ]);
    const lines = createInterface({ input: child.process.stdout! });
    const ready = await new Promise<Ready>((resolve, reject) => {
      lines.on('line', (line) => {
        const event = JSON.parse(line) as RunEvent;
        if (event.event === 'ready') resolve(event);
        else tell(event);
      });
      void child.exited.then((code) =>
        reject(new Error(`sluice run ended with code ${code} before it was ready`)),
      );
    });
    return new SluiceProcess(child, ready);
  }

  /** Connections that the kernel has redirected to the proxy since it started; 0 without a datapath. */
  async connectionsRedirected(): Promise<number> {
    const answer = await request(`${this.ready.admin}/metrics`);
    return Number(REDIRECTED.exec(await answer.body.text())?.[1] ?? 0);
  }
}
