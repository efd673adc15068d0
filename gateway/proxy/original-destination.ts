// Where a connection wanted to go before the kernel sent it to the proxy. Who knows is not the gateway's business: workers
// load the module that they are told and ask it.

export interface OriginalDestination {
  /** By the two ends of the accepted connection; undefined: nobody knows, and the connection is closed. */
  find(
    clientAddress: string,
    clientPort: number,
    localAddress: string,
    localPort: number,
  ): { readonly address: string; readonly port: number } | undefined;
}

/** `module` exports `open(data): OriginalDestination`; `data` is structured-cloneable. */
export interface OriginalDestinationModule {
  readonly module: string;
  readonly data: unknown;
}

export async function loadOriginalDestination(from: OriginalDestinationModule): Promise<OriginalDestination> {
  const loaded = (await import(from.module)) as { open?: (data: unknown) => OriginalDestination };
  if (typeof loaded.open !== 'function')
    throw new TypeError(`${from.module} exports no function 'open': it cannot tell original destinations`);
  return loaded.open(from.data);
}
