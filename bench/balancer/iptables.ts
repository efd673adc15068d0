// DNAT by one rule for each Service, tried in turn, as kube-proxy's iptables mode does it.
import { installCommands } from '../machine/install.ts';
import { commandVersion } from '../peer/command-version.ts';
import type { Balancer, ServiceEntry } from './balancer.ts';

/** The rule that is hit stands after this many others: with thousands of Services, most stand further behind. */
export const RULES_BEFORE = 1000;

export const iptables: Balancer = {
  name: 'iptables',
  prepare: (say) => installCommands([{ command: 'iptables-restore', package: 'iptables' }], say),
  version: () => commandVersion('iptables', '--version'),
  async setUp({ namespace, services }, loaded) {
    const others = services.filter((entry) => entry !== loaded);
    const ordered = [...others.slice(0, RULES_BEFORE), loaded, ...others.slice(RULES_BEFORE)];
    namespace.run(['iptables-restore'], render(ordered));
    return loaded.service;
  },
};

function render(services: readonly ServiceEntry[]): string {
  const rules = services.map(
    ({ service, backend }) =>
      `-A SERVICES -d ${service.address}/32 -p tcp --dport ${service.port} -j DNAT --to-destination ${backend.address}:${backend.port}`,
  );
  return ['*nat', ':SERVICES - [0:0]', '-A OUTPUT -j SERVICES', ...rules, 'COMMIT', ''].join('\n');
}
