// Backends that crash, are all gone, or hang; and answers that break off.
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Load, USUAL_LOAD } from '../drain/load.ts';
import { renderLoad, summariseLoad } from '../drain/load-summary.ts';
import { NODE } from '../machine/checkout.ts';
import { awaitPort, findFreePorts } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { openTarget } from '../target/open-target.ts';
import { pause, type Fault } from './fault.ts';
import { askOnce, awaitGood, findBadAnswers, median } from './good-client.ts';

const MAIN = fileURLToPath(new URL('../origin/main.ts', import.meta.url));
const MOST_503_MS = 50;
const RECOVERY_MS = 5000;
const HANG_SECONDS = 1;
const HANG_SLACK_MS = 500;

export const backendCrash: Fault = {
  name: '11 backend crash',
  async run(context) {
    await using stack = new AsyncDisposableStack();
    const ports = await findFreePorts(3);
    const programs = await Promise.all(
      ports.map(async (port) => stack.adopt(await startBackend(port), stop)),
    );
    const gateway = stack.use(
      await openTarget(context, [{ prefix: '/', protocol: 'http1', backends: ports }]),
    );
    const load = new Load({ port: gateway.ports.http, ...USUAL_LOAD });
    await pause(1000);
    programs[0]?.signal('SIGKILL');
    await pause(2500);
    const summary = summariseLoad(await load.stop());
    return [{ id: '1 of 3 killed', wrong: summary.reasons, figures: renderLoad(summary) }];
  },
};

export const allBackendsDown: Fault = {
  name: '12 no backend',
  async run(context) {
    await using stack = new AsyncDisposableStack();
    const [port = 0] = await findFreePorts(1);
    const first = stack.adopt(await startBackend(port), stop);
    const { ports } = stack.use(
      await openTarget(context, [{ prefix: '/', protocol: 'http1', backends: [port] }]),
    );
    await findBadAnswers(ports.http, 3);
    first.signal('SIGKILL');
    await first.exited;
    const answers = [];
    for (let sent = 0; sent < 20; sent += 1) answers.push(await askOnce(ports.http));
    const others = [...new Set(answers.map(({ answer }) => answer))].filter(
      (answer) => !/ 50[23] /.test(answer),
    );
    const took = median(answers.map(({ took }) => took));
    stack.adopt(await startBackend(port), stop);
    const recovery = await awaitGood(ports.http, RECOVERY_MS);
    return [
      {
        id: 'answered at once',
        wrong: [
          ...(others.length === 0 ? [] : [`neither 502 nor 503 but ${others.join('; ')}`]),
          ...(took <= MOST_503_MS ? [] : [`after ${took.toFixed(0)} ms (median)`]),
        ],
        figures: `${took.toFixed(1)} ms (median of 20)`,
      },
      {
        id: 'comes back',
        wrong: recovery === undefined ? [`not within ${RECOVERY_MS / 1000} s`] : [],
        ...(recovery === undefined ? {} : { figures: `${recovery.toFixed(0)} ms after the backend` }),
      },
    ];
  },
};

export const backendHangs: Fault = {
  name: '13 backend hangs',
  async run(context) {
    await using stack = new AsyncDisposableStack();
    const [port = 0] = await findFreePorts(1);
    const backend = stack.adopt(await startBackend(port), stop);
    const routes = [{ prefix: '/', protocol: 'http1' as const, backends: [port] }];
    const { ports } = stack.use(await openTarget(context, routes, { responseSeconds: HANG_SECONDS }));
    await findBadAnswers(ports.http, 3);
    backend.signal('SIGSTOP');
    const answers = await Promise.all(Array.from({ length: 10 }, () => askOnce(ports.http)));
    backend.signal('SIGCONT');
    const recovery = await awaitGood(ports.http, RECOVERY_MS);
    const others = answers.filter(({ answer }) => !/ 504 /.test(answer)).map(({ answer }) => answer);
    const latest = Math.max(...answers.map(({ took }) => took));
    return [
      {
        id: 'fails at the time limit',
        wrong: [
          ...(others.length === 0 ? [] : [`not 504 but ${[...new Set(others)].join('; ')}`]),
          ...(latest <= HANG_SECONDS * 1000 + HANG_SLACK_MS ? [] : [`after ${latest.toFixed(0)} ms`]),
        ],
        figures: `${latest.toFixed(0)} ms at a limit of ${HANG_SECONDS} s`,
      },
      { id: 'comes back', wrong: recovery === undefined ? [`not within ${RECOVERY_MS / 1000} s`] : [] },
    ];
  },
};

/** What a backend sends before it closes the connection. */
const TORN: Readonly<Record<string, string>> = {
  'less than Content-Length': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
  'a chunk cut': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf',
  'no last chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
  'a head cut': 'HTTP/1.1 200 OK\r\nContent-Le',
};

export const tornAnswers: Fault = {
  name: '14 torn answers',
  async run(context) {
    await using stack = new AsyncDisposableStack();
    const bodies = Object.values(TORN);
    const server = stack.adopt(await openTornBackend(bodies), (one) => void one.close());
    const backends = [(server.address() as AddressInfo).port];
    const { ports } = stack.use(await openTarget(context, [{ prefix: '/', protocol: 'http1', backends }]));
    return await Promise.all(
      Object.keys(TORN).map(async (id, index) => {
        const outcome = await fetchWhole(`http://127.0.0.1:${ports.http}/${index}`);
        return { id, wrong: outcome === 'error' ? [] : [outcome] };
      }),
    );
  },
};

/** /N is answered with the N-th text, and then the connection is closed. */
async function openTornBackend(texts: readonly string[]): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      const number = Number(/^GET \/(\d)/.exec(chunk.toString('latin1'))?.[1] ?? 0);
      socket.end(texts[number] ?? '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** 'error' is what a client must see: a 5xx, or a body that visibly breaks off. */
function fetchWhole(url: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 5000 }, (response) => {
      response.resume();
      response.on('error', () => resolve('error'));
      response.on('end', () => {
        const failed = (response.statusCode ?? 0) >= 500 || !response.complete;
        resolve(failed ? 'error' : 'the client takes half an answer for a whole one');
      });
    });
    request.on('timeout', () => {
      resolve('the client is left waiting');
      request.destroy();
    });
    request.on('error', () => resolve('error'));
  });
}

async function startBackend(port: number): Promise<Program> {
  const program = new Program('a backend', [NODE, MAIN, String(port), String(port)]);
  await awaitPort(program, port);
  return program;
}

async function stop(program: Program): Promise<void> {
  program.signal('SIGCONT');
  program.signal('SIGKILL');
  await program.stop();
}
