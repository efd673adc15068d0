// Where a redirected connection really wanted to go. Loaded by the proxy's worker threads, which share the descriptor.
import { BpfMap } from '#native/bpf/map';
import { ENDPOINT_SIZE, FLOW_SIZE, readEndpoint, writeFlow } from '../layout.gen.ts';
import { formatAddress, parseAddress } from '../plan/address.ts';

/** Addresses are few (loopback, mostly), connections are many: reading one takes longer than finding it. */
const CACHED_ADDRESSES = 1024;

export interface OriginalDestination {
  /**
   * The destination of the connection that was accepted with these ends, or undefined when it was not redirected (or its
   * entry was pushed out): refuse it then. Takes the entry out: ask once per connection.
   */
  find(
    clientAddress: string,
    clientPort: number,
    localAddress: string,
    localPort: number,
  ): { readonly address: string; readonly port: number } | undefined;
  close(): void;
}

/** `data` is what Datapath.originalDestination() gave. */
export function open(data: unknown): OriginalDestination {
  const { fd } = data as { fd: number };
  const map = BpfMap.fromFd(fd);
  const cache = new Map<string, Uint8Array>();
  const key = Buffer.alloc(FLOW_SIZE);
  const value = Buffer.alloc(ENDPOINT_SIZE);
  return {
    find(clientAddress, clientPort, localAddress, localPort) {
      const client = toBytes(cache, clientAddress);
      const proxy = toBytes(cache, localAddress);
      if (client === undefined || proxy === undefined) return undefined;
      writeFlow(key, 0, {
        client: { address: client, port: clientPort },
        proxy: { address: proxy, port: localPort },
      });
      // Taken out, else a later connection between the same ends, made without redirection, would inherit it.
      if (!map.takeInto(key, value)) return undefined;
      const original = readEndpoint(value, 0);
      return { address: formatAddress(original.address), port: original.port };
    },
    close() {
      map.close();
    },
  };
}

function toBytes(cache: Map<string, Uint8Array>, text: string): Uint8Array | undefined {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const bytes = parseAddress(text)?.bytes;
  if (bytes === undefined) return undefined;
  if (cache.size >= CACHED_ADDRESSES) cache.clear();
  cache.set(text, bytes);
  return bytes;
}
