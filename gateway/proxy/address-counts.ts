// How many connections each client address has. Nothing is counted where there is no limit to hold it against.

export class AddressCounts {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  /** `most` 0: any number. */
  constructor(most: number) {
    this.#most = most;
  }

  add(address: string): void {
    if (this.#most > 0) this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }

  remove(address: string): void {
    const count = this.#counts.get(address);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
  }

  /** One more than there may be has been added. */
  exceeded(address: string): boolean {
    return this.#most > 0 && (this.#counts.get(address) ?? 0) > this.#most;
  }
}
