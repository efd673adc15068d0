// Finds the entry whose hostname is the most specific match: exact, then the longest wildcard, then ''.
// Used twice: to choose among the Listeners of a port, and among the hostnames of a Listener's Routes.

/** Hosts remembered that no exact hostname holds. Clients choose them, so the memory is bounded and simply starts anew. */
const REMEMBERED_HOSTS = 1024;

export class HostIndex<T> {
  readonly #exact = new Map<string, T>();
  /** Keyed by the suffix with its dot: `*.example.com` stands under `.example.com`. */
  readonly #wildcards = new Map<string, T>();
  readonly #any: T | undefined;
  readonly #remembered = new Map<string, T | undefined>();
  // Keep-alive connections ask for the same host again and again: comparing is cheaper than hashing.
  #lastHost = '\0';
  #lastFound: T | undefined;

  /** Hostnames as in the API, lower case: `example.com`, `*.example.com`, or '' for any. The first of equals wins. */
  constructor(entries: Iterable<readonly [hostname: string, value: T]>) {
    let any: T | undefined;
    for (const [hostname, value] of entries) {
      if (hostname === '') any ??= value;
      else if (hostname.startsWith('*.')) putFirst(this.#wildcards, hostname.slice(1), value);
      else putFirst(this.#exact, hostname, value);
    }
    this.#any = any;
  }

  /** `host` is lower case, without port. A wildcard stands for one or more labels: `*.a.b` matches `x.y.a.b`, not `a.b`. */
  find(host: string): T | undefined {
    if (host === this.#lastHost) return this.#lastFound;
    const found = this.#exact.get(host) ?? this.#findOther(host);
    this.#lastHost = host;
    this.#lastFound = found;
    return found;
  }

  #findOther(host: string): T | undefined {
    if (this.#wildcards.size === 0) return this.#any;
    const known = this.#remembered.get(host);
    if (known !== undefined) return known;
    const found = this.#findWildcard(host) ?? this.#any;
    if (this.#remembered.size >= REMEMBERED_HOSTS) this.#remembered.clear();
    this.#remembered.set(host, found);
    return found;
  }

  #findWildcard(host: string): T | undefined {
    // Left to right, the suffixes get shorter, so the first hit is the longest.
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const found = this.#wildcards.get(host.slice(dot));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function putFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}
