// Sessions in the order of their last datagram, so that the one silent for longest is known at once. Links in the sessions
// themselves: moving one costs six stores.

export interface Recent<S> {
  older: S | null;
  newer: S | null;
}

export class Recency<S extends Recent<S>> {
  #oldest: S | null = null;
  #newest: S | null = null;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get oldest(): S | null {
    return this.#oldest;
  }

  /** Puts a new one in as the newest. */
  add(session: S): void {
    session.older = this.#newest;
    session.newer = null;
    if (this.#newest === null) this.#oldest = session;
    else this.#newest.newer = session;
    this.#newest = session;
    this.#count++;
  }

  remove(session: S): void {
    const { older, newer } = session;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    session.older = null;
    session.newer = null;
    this.#count--;
  }

  touch(session: S): void {
    if (session === this.#newest) return;
    this.remove(session);
    this.add(session);
  }
}
