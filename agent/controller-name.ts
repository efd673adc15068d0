// The name under which GatewayClasses ask for us (GatewayClass spec.controllerName).
export const CONTROLLER_NAME = 'sluice.dev/gateway-controller';
