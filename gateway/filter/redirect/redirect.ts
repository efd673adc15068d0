// RequestRedirect per request: builds the Location (HTTPRequestRedirectFilter, RFC 9110 section 10.2.2).
import type { PathRewrite } from '../../model/route.ts';
import type { RequestView } from '../../route/request-view.ts';
import { modifyPath } from '../path-modifier.ts';
import type { RedirectFilter } from './config.ts';

/** Bytes that may not stand in a field value as they are: a request's path may hold any of them. */
const NOT_IN_URI = /[^\u0021-\u007e]/g;

export class Redirect {
  readonly status: number;
  readonly #scheme: 'http' | 'https' | undefined;
  readonly #hostname: string | undefined;
  readonly #port: number | undefined;
  readonly #path: PathRewrite | undefined;

  constructor(filter: RedirectFilter) {
    this.status = filter.status;
    this.#scheme = filter.scheme;
    this.#hostname = filter.hostname;
    this.#port = filter.port;
    this.#path = filter.path;
  }

  /**
   * `scheme` and `port` are those of the Listener or ServiceFrontend that took the request. The query is kept. Without any
   * host (HTTP/1.0) the Location is the path alone.
   */
  location(request: RequestView, scheme: 'http' | 'https', port: number): string {
    const path = this.#path === undefined ? request.path : modifyPath(request.path, this.#path);
    const target = escape(request.query === '' ? path : `${path}?${request.query}`);
    const host = this.#hostname ?? request.host;
    // '//x' alone would name another host.
    if (host === '') return target.replace(/^\/{2,}/, '/');
    const toScheme = this.#scheme ?? scheme;
    const toPort = this.#port ?? (this.#scheme === undefined ? port : wellKnownPort(this.#scheme));
    return toPort === wellKnownPort(toScheme)
      ? `${toScheme}://${host}${target}`
      : `${toScheme}://${host}:${toPort}${target}`;
  }
}

function wellKnownPort(scheme: 'http' | 'https'): number {
  return scheme === 'https' ? 443 : 80;
}

/** The engine reads heads as latin1, so a character is a byte. */
function escape(target: string): string {
  return target.replaceAll(
    NOT_IN_URI,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
