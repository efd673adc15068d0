// Checks a desired state before anything is built from it, and gives every Service its key in 16-byte form.
import type { Backend, Service, Transport } from '../desired.ts';
import { parseAddress, type Address } from './address.ts';
import type { PlanError } from './plan-error.ts';

/** The entry's slot number is 16 bits, and slot 0 is the Service itself. */
const MAX_BACKENDS = 65_535;

export interface Place {
  readonly address: Uint8Array;
  readonly port: number;
}

/** A Service whose addresses are read and whose rules hold. */
interface CheckedService {
  readonly place: Place;
  readonly transport: Transport;
  readonly redirect: boolean;
  readonly backends: readonly Place[];
}

export interface Checked {
  readonly services: readonly CheckedService[];
  readonly errors: readonly PlanError[];
}

/** Every error of every Service, not just the first: people mend them in one go. */
export function checkServices(services: readonly Service[]): Checked {
  const errors: PlanError[] = [];
  const owners = new Map<string, string>();
  const checked: CheckedService[] = [];
  for (const service of services) {
    const one = checkService(service, owners, errors);
    if (one !== undefined) checked.push(one);
  }
  return { services: checked, errors };
}

function checkService(
  service: Service,
  owners: Map<string, string>,
  errors: PlanError[],
): CheckedService | undefined {
  const before = errors.length;
  const report = (field: string, message: string, mend: string): void => {
    errors.push({ service: service.name, field, message, mend });
  };
  const address = checkAddress(service.address, '', report);
  checkPort(service.port, '', report);
  if (service.redirect && service.transport !== 'tcp')
    report(
      'redirect',
      'only TCP can be sent to the proxy',
      'remove the route from this port, or make it TCP',
    );
  if (service.backends.length > MAX_BACKENDS)
    report(
      'backends',
      `${service.backends.length} backends, at most ${MAX_BACKENDS} are possible`,
      'split the Service',
    );
  // A redirected Service needs no backends in the kernel, but wrong ones are still someone's mistake.
  const backends: Place[] = [];
  for (const [i, backend] of service.backends.entries()) {
    const place = parseAddress(backend.address);
    // Nearly all are right, and there are many: texts are made for the wrong ones only.
    if (place === undefined || !isHost(place) || place.family !== address?.family || !isPort(backend.port))
      explainBackend(backend, `backends[${i}].`, service, address, report);
    else backends.push({ address: place.bytes, port: backend.port });
  }
  if (address === undefined || errors.length > before) return undefined;
  const key = `${address.bytes.join('.')} ${service.port} ${service.transport}`;
  const owner = owners.get(key);
  if (owner !== undefined) {
    report(
      'address',
      `${service.address} port ${service.port}/${service.transport} belongs to Service ${owner} already`,
      'give one of the two another address or port',
    );
    return undefined;
  }
  owners.set(key, service.name);
  return {
    place: { address: address.bytes, port: service.port },
    transport: service.transport,
    redirect: service.redirect,
    backends,
  };
}

type Report = (field: string, message: string, mend: string) => void;

function explainBackend(
  backend: Backend,
  prefix: string,
  service: Service,
  address: Address | undefined,
  report: Report,
): void {
  const place = checkAddress(backend.address, prefix, report);
  checkPort(backend.port, prefix, report);
  if (place !== undefined && address !== undefined && place.family !== address.family)
    report(
      `${prefix}address`,
      `${backend.address} is IPv${place.family}, the Service's address ${service.address} is IPv${address.family}`,
      'give a backend of the same family',
    );
}

function checkAddress(text: string, prefix: string, report: Report): Address | undefined {
  const address = parseAddress(text);
  if (address !== undefined && isHost(address)) return address;
  if (address === undefined)
    report(
      `${prefix}address`,
      `${JSON.stringify(text)} is not an IPv4 or IPv6 address`,
      'give a literal address',
    );
  else report(`${prefix}address`, `${text} is not the address of one host`, 'give a unicast address');
  return undefined;
}

/** Neither unspecified (0.0.0.0, ::) nor multicast. */
function isHost({ family, bytes }: Address): boolean {
  const first = family === 4 ? 12 : 0;
  if (family === 4 ? (bytes[12] ?? 0) >= 224 : bytes[0] === 0xff) return false;
  for (let i = first; i < 16; i++) if (bytes[i] !== 0) return true;
  return false;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function checkPort(port: number, prefix: string, report: Report): void {
  if (!isPort(port)) report(`${prefix}port`, `${port} is not a port`, 'give a number from 1 to 65535');
}
