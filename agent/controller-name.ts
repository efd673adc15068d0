// The name under which GatewayClasses ask for us (GatewayClass spec.controllerName), and the class that standalone mode implies.
export const CONTROLLER_NAME = 'sluice.dev/gateway-controller';
export const IMPLIED_CLASS = 'sluice';
