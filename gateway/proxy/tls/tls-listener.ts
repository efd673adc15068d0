// What a Listener does with TLS: hands it on unread, or ends it with the context for the name that was asked for.
import type { Context } from '#native/tls/context';
import { coveringName } from './certificate-choice.ts';

export class TlsListener {
  /** `namespace/gateway/listener`. */
  readonly name: string;
  readonly passthrough: boolean;
  readonly #byName: ReadonlyMap<string, Context>;
  readonly #otherwise: Context | undefined;

  /** Without `otherwise` it refuses every handshake: none of its certificates can be used. */
  constructor(
    name: string,
    passthrough: boolean,
    byName: ReadonlyMap<string, Context>,
    otherwise: Context | undefined,
  ) {
    this.name = name;
    this.passthrough = passthrough;
    this.#byName = byName;
    this.#otherwise = otherwise;
  }

  contextFor(serverName: string): Context | undefined {
    const name = coveringName(this.#byName, serverName);
    return name === undefined ? this.#otherwise : this.#byName.get(name);
  }

  /** All of its contexts. */
  get contexts(): readonly Context[] {
    return this.#otherwise === undefined ? [] : [...this.#byName.values(), this.#otherwise];
  }
}
