// The statuses of the answers in what a client got.

export function readStatuses(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
}

/** Without 1xx. */
export function finalStatuses(received: string): number[] {
  return readStatuses(received).filter((status) => status >= 200);
}
