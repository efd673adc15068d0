// Sluice with many HTTPRoutes, one rule each, whose paths share their first part with a hundredth of the others.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../machine/program.ts';
import { renderGateway, renderService } from '../peer/manifest.ts';
import { startSluice } from './sluice.ts';

const ROUTES_IN_A_FILE = 1000;
const TEAMS = 100;

export interface RoutesSetting {
  readonly routes: number;
  /** One more route, for whatever the others do not match. */
  readonly catchAll?: boolean;
  readonly flags?: readonly string[];
  /** Room for as many. */
  readonly connections?: number;
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly adminPort: number;
  readonly originPort: number;
  /** An empty folder. */
  readonly folder: string;
  readonly core: number;
}

export function startSluiceWithRoutes(setting: RoutesSetting): Program {
  const config = join(setting.folder, 'config');
  mkdirSync(config);
  const front = [renderGateway(setting.port), renderService('web', 10, setting.originPort)];
  if (setting.catchAll === true) front.push(renderRoute('all', '/'));
  writeFileSync(join(config, 'front.yaml'), front.join('---\n'));
  for (let first = 0; first < setting.routes; first += ROUTES_IN_A_FILE) {
    const count = Math.min(ROUTES_IN_A_FILE, setting.routes - first);
    const documents = Array.from({ length: count }, (_, index) =>
      renderRoute(`route-${first + index}`, pathOfRoute(first + index)),
    );
    writeFileSync(join(config, `routes-${first}.yaml`), documents.join('---\n'));
  }
  const { core, folder, connections } = setting;
  const flags = ['--admin-port', String(setting.adminPort), ...(setting.flags ?? [])];
  const room = connections === undefined ? {} : { connections };
  return startSluice(config, flags, { core, cwd: folder, ...room });
}

/** As wrk-routes.lua asks for it. */
export function pathOfRoute(route: number): string {
  return `/team-${pad(route % TEAMS, 4)}/service-${pad(route, 8)}`;
}

function renderRoute(name: string, path: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: bench }
spec:
  parentRefs: [{ name: front }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${path} } }]
      backendRefs: [{ name: web, port: 80 }]
`;
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
