// Whether any server of a fleet may negotiate TLS at some time: only then certificates are generated.

import type { DomainPlan, SitePlan } from '../../simulator/plan.js';
import type { ScenarioPlan } from '../plan.js';

/** Events that set behaviors may make a server offer STARTTLS. */
export function usesTls({
  fleet,
  sites = {},
  events,
}: Pick<ScenarioPlan, 'fleet' | 'sites' | 'events'>): boolean {
  const changes = events.map((event) => (event.action === 'set' ? event.behaviors : []));
  const served: (DomainPlan | SitePlan)[] = [...Object.values(fleet), ...Object.values(sites)];
  const written = served.flatMap(({ behaviors, hosts = [] }) => [
    behaviors,
    ...hosts.map((host) => host.behaviors),
  ]);
  const all = [...written, ...changes].flat();
  return served.some(({ tls }) => tls) || all.some(({ at }) => at === 'starttls');
}
