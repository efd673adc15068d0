// Hostnames of Listeners and Routes: exact, `*.suffix` (one label or more), or '' for any.

/** What both hostnames match, or undefined: the more specific of the two if the other covers it. */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

/** Whether every host that `hostname` matches is matched by `wider` too. */
function covers(wider: string, hostname: string): boolean {
  if (wider === '' || wider === hostname) return true;
  // '*.example.com' covers 'a.example.com' and '*.a.example.com', and not 'example.com'.
  return wider.startsWith('*.') && hostname.endsWith(wider.slice(1));
}
