// The datapath's counters as metrics; gateway, which exposes them, does not know the datapath.
import type { Datapath } from '#datapath/datapath';
import type { Desired } from '#datapath/desired';
import { single, type Readings, type Sample } from '#gateway/observe/sample';

/** `desired` is what the kernel has taken last. */
export function datapathReadings(datapath: Datapath | undefined, desired: () => Desired): Readings {
  if (datapath === undefined) return { sluice_datapath_active: () => single(0) };
  return {
    sluice_datapath_active: () => single(1),
    sluice_datapath_revision: () => single(desired().revision),
    sluice_datapath_services: () => single(desired().services.length),
    sluice_datapath_backends: () =>
      single(desired().services.reduce((sum, service) => sum + service.backends.length, 0)),
    sluice_datapath_connections_total: () => {
      const stats = datapath.stats();
      return [
        connections('balanced', 'none', stats.balanced),
        connections('redirected', 'none', stats.redirected),
        connections('refused', 'no_backend', stats.refusedNoBackend),
        connections('refused', 'proxy_gone', stats.refusedProxyGone),
        connections('refused', 'proxy_elsewhere', stats.refusedProxyElsewhere),
        connections('refused', 'no_memory', stats.refusedNoMemory),
      ];
    },
    sluice_datapath_datagrams_total: () => {
      const { udpSent, udpReceived } = datapath.stats();
      return [
        { labels: { direction: 'sent' }, value: udpSent },
        { labels: { direction: 'received' }, value: udpReceived },
      ];
    },
    sluice_datapath_original_destinations_total: () => {
      const { originalPublished, originalLost, originalAnswered } = datapath.stats();
      return [
        { labels: { result: 'published' }, value: originalPublished },
        { labels: { result: 'lost' }, value: originalLost },
        { labels: { result: 'answered' }, value: originalAnswered },
      ];
    },
  };
}

function connections(action: string, reason: string, value: number): Sample {
  return { labels: { action, reason }, value };
}
