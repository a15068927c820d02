// Whether a fleet may come to do TLS: only then are certificates made.

import type { ScenarioPlan } from '../plan.js';

/** @param events those that change behaviors count too */
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
