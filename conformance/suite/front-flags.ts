// Flags that name ports of a gateway that runs already.
import type { FlagValues } from './suite.ts';

const MOST = 65_535;

/** undefined when the flag was not given. Throws when it is no port. */
export function portFlag(flags: FlagValues, name: string): number | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!/^\d+$/.test(String(value)) || port < 1 || port > MOST)
    throw new Error(`--${name} takes a port from 1 to ${MOST}, not '${String(value)}'`);
  return port;
}

/** The same, where `-` says that there is none. */
export function ownPort(flags: FlagValues, name: string): number | undefined {
  return flags[name] === '-' ? undefined : portFlag(flags, name);
}
