// Whether any server of a fleet may negotiate TLS at some time: only then certificates are generated.

import type { ScenarioPlan } from '../plan.js';

/** @param events those that set behaviors may make a server offer STARTTLS */
export function usesTls(fleet: ScenarioPlan['fleet'], events: ScenarioPlan['events']): boolean {
  const changes = events.map((event) => (event.action === 'set' ? event.behaviors : []));
  const domains = Object.values(fleet);
  const written = domains.flatMap(({ behaviors, hosts = [] }) => [
    behaviors,
    ...hosts.map((host) => host.behaviors),
  ]);
  const all = [...written, ...changes].flat();
  return domains.some(({ tls }) => tls) || all.some(({ at }) => at === 'starttls');
}
