// What is wrong with a filter as written. The translator turns it into a Finding of the Route.

export interface FilterIssue {
  /** Path of the field inside the filter, such as 'requestRedirect.path.replaceFullPath'. */
  readonly field: string;
  readonly message: string;
  readonly mend: string;
}

/** `filter` is only to be used when there are no issues. */
export interface ParsedFilter<T> {
  readonly filter: T;
  readonly issues: readonly FilterIssue[];
}
