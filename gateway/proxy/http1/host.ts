// The authority that a request asks for: checked as strictly as any backend might read it, then brought into the one form
// that listeners and routes are matched by. Sub-delims, percent-escapes and user names, which RFC 3986 would allow in a
// reg-name, name no host that can be reached and are refused: parsers disagree about them.
import { isIPv6 } from 'node:net';

const AUTHORITY = /^([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?$/;
const MAX_HOST = 255;

/** The last one read, and what came of it: clients of one listener mostly ask for one host. */
let last = '';
let lastHost: string | undefined;

/** Lower-case host without port and trailing dot; undefined when the authority is not valid. */
export function hostOf(authority: string): string | undefined {
  if (authority === last) return lastHost;
  lastHost = readHost(authority);
  last = authority;
  return lastHost;
}

function readHost(authority: string): string | undefined {
  const parts = AUTHORITY.exec(authority);
  if (parts === null) return undefined;
  const [, name = '', port = ''] = parts;
  if (port.length > 5 || Number(port) > 65_535 || name.length > MAX_HOST) return undefined;
  if (name.startsWith('[')) return isIPv6(name.slice(1, -1)) ? name.toLowerCase() : undefined;
  const host = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
  return host === '' || host.startsWith('.') || host.includes('..') ? undefined : host;
}
