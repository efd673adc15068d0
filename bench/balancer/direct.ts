// No Service at all: the client calls the backend. What the others are compared with.
import type { Balancer } from './balancer.ts';

export const direct: Balancer = {
  name: 'direct',
  prepare: () => undefined,
  version: () => 'none',
  setUp: async (_, loaded) => loaded.backend,
};
