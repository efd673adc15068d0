// Which certificates of a listener a client is shown, by the name that it asks for: an exact name, else a wildcard of one label
// (RFC 9525 section 6.3), else those of the first certificate. Pure.

export interface Named {
  readonly dns: readonly string[];
  /** RSA, ECDSA, ... : of each kind the first counts. */
  readonly kind: number;
}

export interface CertificateChoice<C extends Named> {
  /** By name, wildcards as `*.suffix`. */
  readonly byName: ReadonlyMap<string, readonly C[]>;
  readonly otherwise: readonly C[];
}

/** `certificates` in the order of the listener, at least one. */
export function arrangeCertificates<C extends Named>(certificates: readonly C[]): CertificateChoice<C> {
  const byName = new Map<string, C[]>();
  for (const certificate of certificates)
    for (const name of certificate.dns) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [certificate]);
      else if (others.every(({ kind }) => kind !== certificate.kind)) others.push(certificate);
    }
  const [first] = certificates;
  const names = first?.dns.toSorted().join(' ');
  const otherwise: C[] = [];
  // The first one's twins, of another kind of key, are as good as it is.
  for (const one of certificates)
    if (one.dns.toSorted().join(' ') === names && otherwise.every(({ kind }) => kind !== one.kind))
      otherwise.push(one);
  return { byName, otherwise };
}

/** The name under which `serverName` is found in `names`; undefined when none covers it. */
export function coveringName(names: ReadonlyMap<string, unknown>, serverName: string): string | undefined {
  if (names.has(serverName)) return serverName;
  const dot = serverName.indexOf('.');
  if (dot <= 0) return undefined;
  const wildcard = `*${serverName.slice(dot)}`;
  return names.has(wildcard) ? wildcard : undefined;
}
