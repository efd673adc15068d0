// URLRewrite per request: another Host header, another path. The query is not touched.
import type { PathRewrite } from '../../model/route.ts';
import { modifyPath } from '../path-modifier.ts';
import type { RewriteFilter } from './config.ts';

export class Rewrite {
  /** Replaces the Host header; undefined leaves it as the client sent it. */
  readonly host: string | undefined;
  readonly #path: PathRewrite | undefined;

  /** Of several filters the last wins, for host and path apart: a backend's rewrite comes after its rule's. */
  constructor(filters: readonly RewriteFilter[]) {
    this.host = filters.findLast((filter) => filter.hostname !== undefined)?.hostname;
    this.#path = filters.findLast((filter) => filter.path !== undefined)?.path;
  }

  /** The path to send on, from the path that the rule matched. */
  path(path: string): string {
    return this.#path === undefined ? path : modifyPath(path, this.#path);
  }
}
