// Every suite of the command, in the order of the help text.
import { drain } from './drain.ts';
import { faults } from './faults.ts';
import { grpc } from './grpc.ts';
import { h2spec } from './h2spec.ts';
import { http1 } from './http1.ts';
import type { Suite } from './suite.ts';
import { tls } from './tls.ts';
import { websocket } from './websocket.ts';

export const SUITES: readonly Suite[] = [http1, h2spec, grpc, websocket, tls, drain, faults];
