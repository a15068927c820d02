// What the status words of a CSV file mean: those of bouncelab, those of mail services that have one meaning,
// and those that the scenario maps.

import type { ContactStatus } from '../../../events/types.js';

// Words without a clear meaning are missing: a `pending`, `archived` or `non-subscribed` contact of Mailchimp and
// a `non-marketing contact` of HubSpot has not opted out, and is not mailed either.
const WORDS: Record<string, ContactStatus> = {
  '': 'active',
  active: 'active',
  subscribed: 'active',
  confirmed: 'active',
  'opted in': 'active',
  'marketing contact': 'active',
  'opt out': 'opt-out',
  'opted out': 'opt-out',
  optout: 'opt-out',
  unsubscribe: 'opt-out',
  unsubscribed: 'opt-out',
  complained: 'opt-out',
  error: 'error',
  cleaned: 'error',
  bounced: 'error',
  'hard bounce': 'error',
  'hard bounced': 'error',
};

/** The status words of one file. */
export class StatusWords {
  private readonly meanings = new Map(Object.entries(WORDS));
  /** Rows by status and word; in their order. */
  private readonly rows = new Map<string, { word: string; status: ContactStatus; count: number }>();

  /** @param mapped `audience.statuses` of the scenario */
  constructor(mapped: Readonly<Record<string, ContactStatus>> = {}) {
    for (const [word, status] of Object.entries(mapped)) this.meanings.set(wordKey(word), status);
  }

  /** @returns undefined for a word that is not known */
  status(word: string): ContactStatus | undefined {
    return this.meanings.get(wordKey(word));
  }

  /** Counts a row with this word. */
  count(word: string, status: ContactStatus): void {
    // A mark of another column may give rows with one word different statuses.
    const id = `${status} ${wordKey(word)}`;
    const row = this.rows.get(id);
    if (row) row.count++;
    else this.rows.set(id, { word, status, count: 1 });
  }

  /** Words in the order in which they appear, with their number of rows. */
  get counts(): { word: string; status: ContactStatus; count: number }[] {
    return [...this.rows.values()];
  }
}

/** The key of a status word: case, hyphens and underscores do not count. */
export function wordKey(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}
