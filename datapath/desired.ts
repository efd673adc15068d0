// What the datapath is asked to make true. Plain data: it knows addresses and ports, not Kubernetes.

export type Transport = 'tcp' | 'udp';

export interface Backend {
  /** Literal IPv4 or IPv6 address, of the same family as the Service's. */
  readonly address: string;
  readonly port: number;
}

/** One address, port and protocol that clients connect to. */
export interface Service {
  /** For people: appears in dumps and errors. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** None: connecting is refused at once, not left to time out. */
  readonly backends: readonly Backend[];
  /** TCP only: send connections to the node's proxy and keep the original destination for it. */
  readonly redirect: boolean;
}

/** The whole state at one revision; the datapath applies all of it or nothing. */
export interface Desired {
  readonly revision: number;
  readonly services: readonly Service[];
}

export const EMPTY_DESIRED: Desired = { revision: 0, services: [] };
