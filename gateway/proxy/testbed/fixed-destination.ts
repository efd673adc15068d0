// An OriginalDestination that sends every connection to one place: what the datapath's module does, without a kernel.
import type { OriginalDestination } from '../original-destination.ts';

export function open(data: unknown): OriginalDestination {
  const destination = data as { readonly address: string; readonly port: number };
  return { find: () => destination };
}
