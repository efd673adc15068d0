// The scenarios of the engine bench, and what Sluice may cost at most in each, as a multiple of another proxy's CPU time per request.

export const ENGINE_SCENARIOS = [
  'http1-1k',
  'post-10k',
  'body-1m',
  'new-connection',
  'tls13-1k',
  'h2c-to-http1',
  'grpc-unary',
  'websocket',
] as const;

export type EngineScenario = (typeof ENGINE_SCENARIOS)[number];

/** By scenario and proxy. */
export const ENGINE_GOALS: Readonly<Record<EngineScenario, Readonly<Record<string, number>>>> = {
  'http1-1k': { nginx: 0.95, haproxy: 0.9, envoy: 0.33 },
  'post-10k': { nginx: 0.85, haproxy: 0.9, envoy: 0.33 },
  'body-1m': { nginx: 1 },
  'new-connection': { nginx: 0.95 },
  'tls13-1k': { nginx: 0.95, envoy: 0.4 },
  'h2c-to-http1': { haproxy: 0.9, envoy: 0.25 },
  'grpc-unary': { haproxy: 0.5, envoy: 0.2 },
  websocket: { nginx: 1 },
};
