// Entry of a worker thread. The engine's module is loaded only where it is wanted: the one for epoll needs FFI.
import { workerData } from 'node:worker_threads';
import type { WorkerData } from './worker-message.ts';

const data = workerData as WorkerData;
if (data.engine === 'epoll') {
  const { runEpoll } = await import('./worker-epoll.ts');
  await runEpoll(data);
} else {
  const { runNet } = await import('./worker-net.ts');
  await runNet(data);
}
