// A limit of the proxy as a flag of `sluice run`.
import type { Limit } from '#gateway/proxy/limits';
import type { Flag } from '../cli/flag.ts';

export function limitFlag({ flag, unit, value, doc }: Limit): Flag {
  return {
    name: flag.slice(2),
    type: unit === 'ms' ? 'duration' : unit === 'bytes' ? 'bytes' : 'integer',
    value: unit === 'ms' ? 'TIME' : unit === 'bytes' ? 'SIZE' : 'N',
    default: value,
    least: 1,
    doc,
  };
}
