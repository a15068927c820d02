// Hosts that several domains share: what each of the domains had of them, so that the one that spends a limit
// of the site shows.

import type { DomainShare, ServerResult } from '../../results/result.js';
import { h, breakable } from '../ui/dom.js';
import { longTable } from '../ui/table.js';

interface SiteRow extends DomainShare {
  site: string;
  domain: string;
}

/** @returns nothing when no hosts were shared */
export function sharedHosts(servers: Record<string, ServerResult>): Node[] {
  const rows: SiteRow[] = Object.entries(servers).flatMap(([site, { domains = {} }]) =>
    Object.entries(domains).map(([domain, share]) => ({ site, domain, ...share })),
  );
  if (rows.length === 0) return [];
  return [
    h(
      'section',
      {},
      h('h2', {}, 'Shared hosts by domain'),
      h(
        'p',
        { class: 'small quiet' },
        'These domains have the same hosts, whose limits count all of them together. A further connection that fails while others are open is no attempt.',
      ),
      longTable<SiteRow>(
        'Shared hosts by domain',
        [
          { label: 'Site', cell: ({ site }) => breakable(site) },
          { label: 'Domain', isWide: true, cell: ({ domain }) => breakable(domain) },
          { label: 'Messages taken', isNumber: true, cell: ({ accepted }) => accepted },
          { label: 'Attempts failed', isNumber: true, cell: ({ failed }) => failed },
          { label: 'Further connections failed', isNumber: true, cell: ({ limited }) => limited },
        ],
        rows,
      ),
    ),
  ];
}
