// Every suite of the command, in the order of the help text.
import { http1 } from './http1.ts';
import type { Suite } from './suite.ts';
import { websocket } from './websocket.ts';

export const SUITES: readonly Suite[] = [http1, websocket];
