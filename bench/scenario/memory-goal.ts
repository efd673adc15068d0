// The parts of the memory bench, and what Sluice is to keep to in each.

export const MEMORY_SCENARIOS = [
  'idle-http1',
  'idle-websocket',
  'idle-websocket-h2',
  'routes',
  'lookup',
] as const;

export type MemoryScenario = (typeof MEMORY_SCENARIOS)[number];

export const MEMORY_GOALS: Readonly<Record<'idleBytes' | 'webSockets' | 'routesMb' | 'lookupRatio', number>> =
  {
    /** User memory of one idle connection. */
    idleBytes: 6 * 1024,
    /** Held, and answering at the end. */
    webSockets: 10_000,
    /** Resident with ROUTES. */
    routesMb: 150,
    /** Cost among MANY_ROUTES to cost among FEW_ROUTES. */
    lookupRatio: 1.5,
  };

export const IDLE_CONNECTIONS = 10_000;
export const ROUTES = 5000;
export const FEW_ROUTES = 10;
export const MANY_ROUTES = 100_000;
