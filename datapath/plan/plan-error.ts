// What is wrong with a desired state, as a value: the Service, the field, what it holds, and the mend.

export interface PlanError {
  /** Service.name */
  readonly service: string;
  /** Path below the Service, e.g. "backends[2].port". */
  readonly field: string;
  readonly message: string;
  readonly mend: string;
}

export function formatPlanError(error: PlanError): string {
  return `Service ${error.service}: ${error.field}: ${error.message}. Mend: ${error.mend}`;
}
