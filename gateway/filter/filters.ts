// A rule's filters, compiled once per Snapshot into what the engine asks for at each phase. Undefined parts cost nothing.
import type { Filter } from '../model/route.ts';
import { compileHeaderEdits } from './headers/edits.ts';
import { Redirect } from './redirect/redirect.ts';
import { Rewrite } from './rewrite/rewrite.ts';

export interface CompiledFilters {
  /** Lower-case names of request fields to leave out. */
  readonly requestDrop: ReadonlySet<string> | undefined;
  /** Complete request lines "Name: value\r\n" to put after the others. */
  readonly requestAppend: Buffer | undefined;
  readonly responseDrop: ReadonlySet<string> | undefined;
  readonly responseAppend: Buffer | undefined;
  /** Answered at once: no backend is picked. */
  readonly redirect: Redirect | undefined;
  readonly rewrite: Rewrite | undefined;
}

export const NO_FILTERS: CompiledFilters = {
  requestDrop: undefined,
  requestAppend: undefined,
  responseDrop: undefined,
  responseAppend: undefined,
  redirect: undefined,
  rewrite: undefined,
};

/** `filters` in the order written; they have been validated. */
export function compileFilters(filters: readonly Filter[]): CompiledFilters {
  if (filters.length === 0) return NO_FILTERS;
  const request = compileHeaderEdits(filters.filter((filter) => filter.kind === 'request-headers'));
  const response = compileHeaderEdits(filters.filter((filter) => filter.kind === 'response-headers'));
  const redirect = filters.find((filter) => filter.kind === 'redirect');
  const rewrites = filters.filter((filter) => filter.kind === 'rewrite');
  return {
    requestDrop: request.drop,
    requestAppend: request.append,
    responseDrop: response.drop,
    responseAppend: response.append,
    redirect: redirect && new Redirect(redirect),
    rewrite: rewrites.length > 0 ? new Rewrite(rewrites) : undefined,
  };
}
