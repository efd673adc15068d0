// Kubernetes' CEL functions on URLs: isURL, url and their getters.
// https://pkg.go.dev/k8s.io/apiserver/pkg/cel/library#URLs
import type { Environment } from '@marcbachmann/cel-js';

/** What `url()` yields: an absolute URI or an absolute path (Go's url.ParseRequestURI). */
class Url {
  readonly parsed: URL;
  readonly absolute: boolean;
  constructor(text: string) {
    this.absolute = !text.startsWith('/');
    // A path is parsed against a base that never shows.
    const parsed = /[\s#]/.test(text)
      ? null
      : URL.parse(text, this.absolute ? undefined : 'http://path.invalid');
    if (parsed === null || text === '')
      throw new Error(`URL parse error during conversion from string: '${text}'`);
    this.parsed = parsed;
  }
}

export function registerUrls(environment: Environment): void {
  environment
    .registerType('kubernetes.URL', { ctor: Url, fields: {} })
    .registerFunction('isURL(string): bool', (text: string) => {
      try {
        return new Url(text).parsed.href !== '';
      } catch {
        return false;
      }
    })
    .registerFunction('url(string): kubernetes.URL', (text: string) => new Url(text))
    .registerFunction('kubernetes.URL.getScheme(): string', (url: Url) =>
      of(url, url.parsed.protocol.slice(0, -1)),
    )
    .registerFunction('kubernetes.URL.getHost(): string', (url: Url) => of(url, url.parsed.host))
    .registerFunction('kubernetes.URL.getHostname(): string', (url: Url) =>
      of(url, url.parsed.hostname.replaceAll(/^\[|\]$/g, '')),
    )
    .registerFunction('kubernetes.URL.getPort(): string', (url: Url) => of(url, url.parsed.port))
    .registerFunction('kubernetes.URL.getEscapedPath(): string', (url: Url) => url.parsed.pathname)
    .registerFunction('kubernetes.URL.getQuery(): map<string, list<string>>', (url: Url) => {
      const query = new Map<string, string[]>();
      for (const [name, value] of url.parsed.searchParams)
        query.set(name, [...(query.get(name) ?? []), value]);
      return query;
    });
}

function of(url: Url, part: string): string {
  return url.absolute ? part : '';
}
