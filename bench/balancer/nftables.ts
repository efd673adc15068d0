// DNAT by one lookup in an nftables map, as kube-proxy's nftables mode does it.
import { installCommands } from '../machine/install.ts';
import { commandVersion } from '../peer/command-version.ts';
import type { Balancer, ServiceEntry, Target } from './balancer.ts';

export const nftables: Balancer = {
  name: 'nftables',
  prepare: (say) => installCommands([{ command: 'nft', package: 'nftables' }], say),
  version: () => commandVersion('nft', '--version'),
  async setUp({ namespace, services }, loaded) {
    namespace.run(['nft', '-f', '-'], render(services));
    return loaded.service;
  },
};

function render(services: readonly ServiceEntry[]): string {
  const key = ({ address, port }: Target): string => `${address} . ${port}`;
  const elements = services.map(({ service, backend }) => `${key(service)} : ${key(backend)}`);
  return `table ip services {
  map backends {
    type ipv4_addr . inet_service : ipv4_addr . inet_service
    elements = { ${elements.join(', ')} }
  }
  chain output {
    type nat hook output priority -100
    dnat to ip daddr . tcp dport map @backends
  }
}
`;
}
