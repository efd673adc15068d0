// The conditions of a match besides its path and method. Evaluated only for requests whose path matched already.
import type { ValueMatch } from '../model/route.ts';
import { findQueryValue } from './query-value.ts';
import type { RequestView } from './request-view.ts';

export class Predicate {
  readonly #name: string;
  readonly #value: string;
  /** Undefined: the value must be equal. */
  readonly #regex: RegExp | undefined;
  readonly #inQuery: boolean;

  constructor(place: 'header' | 'query', match: ValueMatch, regex: RegExp | undefined) {
    this.#name = match.name;
    this.#value = match.value;
    this.#regex = regex;
    this.#inQuery = place === 'query';
  }

  holds(request: RequestView): boolean {
    const value = this.#inQuery ? findQueryValue(request.query, this.#name) : request.header(this.#name);
    if (value === undefined) return false;
    return this.#regex === undefined ? value === this.#value : this.#regex.test(value);
  }
}
