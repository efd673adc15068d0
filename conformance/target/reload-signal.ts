// What makes a gateway read its configuration again.
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { nginx: 'SIGHUP', haproxy: 'SIGUSR2' };

/** undefined: it watches its files itself. */
export function reloadSignal(target: string): NodeJS.Signals | undefined {
  return SIGNALS[target];
}
