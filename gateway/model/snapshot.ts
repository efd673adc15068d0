// All configuration of the proxy at one revision: plain, frozen, structured-cloneable to the workers.
import type { Cluster } from './cluster.ts';
import type { StreamRoute, VirtualHost } from './route.ts';

/** One Gateway listener. Requests pick the Listener whose hostname is the most specific match (GEP-3567 isolation). */
export interface Listener {
  /** `namespace/gateway/listener`. */
  readonly name: string;
  /** Exact, `*.suffix`, or '' for any. */
  readonly hostname: string;
  /** Of HTTP and HTTPS listeners. */
  readonly hosts: readonly VirtualHost[];
  /** Of HTTPS and TLS listeners. */
  readonly tls?: ListenerTls;
  /** Of TLS, TCP and UDP listeners, in order of precedence. */
  readonly streams?: readonly StreamRoute[];
}

/** A private key with its certificates, as the Secret has them. */
export interface Certificate {
  /** `namespace/secret`. */
  readonly name: string;
  /** PEM: the leaf first, then its issuers. */
  readonly chain: string;
  /** PEM. Never shown and never logged. */
  readonly key: string;
}

export interface ListenerTls {
  /** `passthrough`: routed by the name in the ClientHello, never decrypted. */
  readonly mode: 'terminate' | 'passthrough';
  /**
   * Names in `Snapshot.certificates`. The first is for names that none of them covers. Without any that can be used, every
   * handshake is refused: no other Listener takes these names instead.
   */
  readonly certificates: readonly string[];
  /** Client certificates. When left out none is asked for. */
  readonly clients?: {
    /** PEM certificates that are trusted. */
    readonly roots: string;
    /** A client without a valid certificate is refused; otherwise it is served and marked as unverified. */
    readonly required: boolean;
  };
}

export type PortProtocol = 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' | 'UDP';

/** A TCP or UDP port that the proxy opens: every Listener that shares it. */
export interface Port {
  readonly port: number;
  /** `HTTPS` also where HTTPS and TLS Listeners share it: those of TLS have `streams`. TCP and UDP ports may have one number. */
  readonly protocol: PortProtocol;
  readonly listeners: readonly Listener[];
  /** Every connection must begin with a PROXY protocol header, of either version. */
  readonly proxyProtocol?: boolean;
}

/**
 * A Service that has HTTPRoutes or GRPCRoutes attached (parentRef of kind Service). Connections to address:port are redirected to the
 * proxy by the datapath; the proxy finds this by their original destination.
 */
export interface ServiceFrontend {
  /** `namespace/service:port`. */
  readonly name: string;
  /** The Service's cluster addresses, literal IPv4 or IPv6. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly hosts: readonly VirtualHost[];
}

export interface Snapshot {
  /** Grows by one with each accepted change. */
  readonly revision: number;
  readonly ports: readonly Port[];
  readonly services: readonly ServiceFrontend[];
  readonly clusters: readonly Cluster[];
  /** What listeners and clusters name; left out when there are none. */
  readonly certificates?: readonly Certificate[];
}

export const EMPTY_SNAPSHOT: Snapshot = { revision: 0, ports: [], services: [], clusters: [] };
