// Every gateway that a suite can judge.
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { sluice } from './sluice.ts';
import type { Target } from './target.ts';

export const TARGETS: readonly Target[] = [sluice, envoy, nginx, haproxy];
