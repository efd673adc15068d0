// The PROXY protocol is asked for by annotations of our own: the Gateway API has no field for it.
import type { Gateway } from '#resources/type/gateway.gen';
import type { Service } from '#resources/type/service.gen';
import type { TranslateContext } from './context.ts';

const ANNOTATION = 'sluice.dev/proxy-protocol';

/** Whether connections to the Gateway's TCP ports must begin with a header. */
export function requiresProxyProtocol(gateway: Gateway, context: TranslateContext): boolean {
  return readAnnotation(gateway, ['require'], context) === 'require';
}

/** The version of the header that the Service's endpoints are sent, if any. */
export function proxyProtocolOf(service: Service, context: TranslateContext): 1 | 2 | undefined {
  switch (readAnnotation(service, ['v1', 'v2'], context)) {
    case 'v1':
      return 1;
    case 'v2':
      return 2;
    default:
      return undefined;
  }
}

function readAnnotation(
  object: Gateway | Service,
  values: readonly string[],
  context: TranslateContext,
): string | undefined {
  const value = object.metadata.annotations?.[ANNOTATION];
  if (value === undefined || values.includes(value)) return value;
  context.report('SLU0231', object, {
    field: 'metadata.annotations',
    message: `${ANNOTATION} is ${JSON.stringify(value)}`,
    mend: `write ${values.map((one) => JSON.stringify(one)).join(' or ')}, or remove it`,
  });
  return undefined;
}
