// A site in a comparison, in words: what its hosts saw under each policy.

import type { ComparedSite, SiteFigures } from '../../results/comparison/comparison.js';
import { thousands } from '../figures.js';

const LABELS: Record<keyof SiteFigures, string> = {
  connections: 'connections',
  peakConnections: 'at once',
  refused: 'refused',
  limited: 'further connections failed',
};
const DOMAINS_MAX = 3;

/** `site provider (a.example, b.example): connections 12 → 3, at once 5 → 3` with the figures that differ. */
export function siteText({ site, domains, figures }: ComparedSite): string {
  const named = domains.slice(0, DOMAINS_MAX).join(', ');
  const more = domains.length > DOMAINS_MAX ? ` and ${thousands(domains.length - DOMAINS_MAX)} more` : '';
  const parts = Object.entries(LABELS).flatMap(([key, label]) => {
    const values = figures.map((one) => one[key as keyof SiteFigures]);
    return new Set(values).size < 2
      ? []
      : [`${label} ${values.map((value) => thousands(value)).join(' → ')}`];
  });
  return `site ${site} (${named}${more}): ${parts.join(', ')}`;
}
