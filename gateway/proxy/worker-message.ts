// What the main thread and its workers say to each other. Everything is structured-cloneable; descriptors are numbers, valid
// in all threads of the process.
import type { MessagePort } from 'node:worker_threads';
import type { Snapshot } from '../model/snapshot.ts';
import type { RecorderMemory } from '../observe/recorder.ts';
import type { SeriesNames } from '../observe/series.ts';
import type { WeightPlan } from '../route/weight-counters.ts';
import type { Limits } from './limits.ts';
import type { OriginalDestinationModule } from './original-destination.ts';

export type EngineKind = 'epoll' | 'net';

/** How a worker is born. */
export interface WorkerData {
  readonly engine: EngineKind;
  readonly bind: string;
  /** This worker's share. */
  readonly limits: Limits;
  readonly failureHeader: boolean;
  readonly trustedHops: number;
  readonly recorder: RecorderMemory;
  /** Memory of the TicketKeys that all workers share; undefined without TLS. */
  readonly ticketKeys: SharedArrayBuffer | undefined;
  readonly accessLog: string | undefined;
  readonly port: MessagePort;
  /** Of `Overload`. */
  readonly overload: SharedArrayBuffer;
  /** eventfd to wait on beside the connections; -1 with node:net. */
  readonly wake: number;
  /** One byte per descriptor: 1 while this worker has it open as a connection. */
  readonly owned: SharedArrayBuffer;
  readonly redirects: readonly RedirectSocket[];
  readonly originalDestination: OriginalDestinationModule | undefined;
}

/** A listener for connections that the datapath redirects. */
export interface RedirectSocket {
  readonly fd: number;
}

/** A socket of a Gateway port, by its place (port-key.ts); `fd` is -1 where the worker opens it itself (node:net). */
export interface PortSocket {
  readonly port: number;
  readonly fd: number;
}

/** A Snapshot with what belongs to it. */
export interface Configuration {
  readonly snapshot: Snapshot;
  readonly names: SeriesNames;
  readonly weights: WeightPlan;
}

export type ToWorker =
  | {
      readonly kind: 'apply';
      readonly id: number;
      readonly configuration: Configuration;
      readonly open: readonly PortSocket[];
      readonly close: readonly number[];
    }
  /** `handedOver`: another process accepts from the same sockets, and there is no hurry. */
  | { readonly kind: 'drain'; readonly milliseconds: number; readonly handedOver: boolean }
  /** Another worker has died: accept from its sockets as well, until it is back. */
  | {
      readonly kind: 'cover' | 'uncover';
      readonly ports: readonly PortSocket[];
      readonly redirects: readonly RedirectSocket[];
    }
  | { readonly kind: 'reopen-log' }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'ready' }
  /** `error`: the Snapshot could not be compiled and the one before stays in force. */
  | {
      readonly kind: 'applied';
      readonly id: number;
      readonly error: string | undefined;
      readonly failed: readonly PortFailure[];
    }
  /** Something of the configuration cannot be served as it is wanted. */
  | { readonly kind: 'fault'; readonly detail: string }
  | { readonly kind: 'closed'; readonly port: number }
  | { readonly kind: 'drained' }
  /** `error`: the access log could not be opened anew, and the old file stays in use. */
  | { readonly kind: 'log-reopened'; readonly error: string | undefined }
  | { readonly kind: 'defect'; readonly detail: string };

/** A defect of ours, with its stack: it is to be reported. */
export function defectOf(error: unknown): FromWorker {
  return { kind: 'defect', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** A port that could not be opened. */
export interface PortFailure {
  readonly port: number;
  readonly error: string;
}
