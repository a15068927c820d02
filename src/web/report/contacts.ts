// The table of a scenario's contacts with filter and search; each row links to the history of the contact.

import type { ContactStory, ScenarioView } from '../../results/view/view.js';
import { link } from './data.js';
import { h, breakable, bdi } from '../ui/dom.js';
import { longTable } from '../ui/table.js';
import { number, stateWord, statusWord } from '../ui/words.js';

const FILTERS: { id: string; label: string; test: (contact: ContactStory) => boolean }[] = [
  { id: 'all', label: 'All', test: () => true },
  {
    id: 'trouble',
    label: 'Bounced',
    test: ({ deliveries }) => deliveries.some(({ state }) => state.endsWith('-bounced')),
  },
  { id: 'error', label: 'Status error', test: ({ status }) => status === 'error' },
];

export function contactList(index: number, view: ScenarioView): HTMLElement {
  const { contacts, contactsTotal } = view;
  const holder = h('div', { id: 'contacts' });
  const chips = FILTERS.map(({ id, label, test }) =>
    h(
      'button',
      { type: 'button', class: 'chip', 'data-filter': id, click: () => show(id) },
      `${label} ${number(contacts.filter(test).length)}`,
    ),
  );
  let filter = 'all';
  let words = '';
  const show = (id: string): void => {
    filter = id;
    for (const chip of chips) chip.setAttribute('aria-pressed', String(chip.dataset['filter'] === id));
    const { test } = FILTERS.find((one) => one.id === id)!;
    const found = contacts.filter(
      (contact) => test(contact) && `${contact.address} ${contact.written ?? ''}`.includes(words),
    );
    holder.replaceChildren(
      found.length === 0
        ? h('p', { class: 'empty' }, 'No contact matches.')
        : longTable(
            'Contacts',
            [
              {
                label: 'Contact',
                isWide: true,
                cell: ({ address, written = address }) =>
                  h('a', { href: link('s', index, 'c', address) }, breakable(written)),
              },
              { label: 'Status', cell: ({ status }) => statusWord(status) },
              { label: 'Streak', isNumber: true, cell: ({ streak }) => streak },
              { label: 'Attempts', isNumber: true, cell: (contact) => attemptsOf(view, contact) },
              {
                label: 'Deliveries',
                cell: ({ deliveries }) =>
                  h(
                    'span',
                    { class: 'small' },
                    ...deliveries.flatMap(({ state, mailing }, at) => [
                      at > 0 && ' · ',
                      h('span', { class: 'whole' }, bdi(mailing), ' ', stateWord(state)),
                    ]),
                  ),
              },
            ],
            found,
          ),
    );
  };
  const search = h('input', {
    type: 'search',
    placeholder: 'Address',
    'aria-label': 'Search contacts',
    input: (event) => {
      words = (event.target as HTMLInputElement).value.trim().toLowerCase();
      show(filter);
    },
  });
  show('all');
  const left = contactsTotal - contacts.length;
  return h(
    'section',
    { 'aria-labelledby': 'contacts-head' },
    h('h2', { id: 'contacts-head' }, `Contacts (${number(contactsTotal)})`),
    left > 0 &&
      h(
        'p',
        { class: 'note small' },
        `The table has ${number(contacts.length)} of them, those with bounces first; only the figures contain the other ${number(left)}. `,
        h('code', {}, 'bouncelab explain'),
        ' shows the history of any contact.',
      ),
    h(
      'div',
      { class: 'bar' },
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Filter contacts' }, ...chips),
      search,
    ),
    holder,
  );
}

function attemptsOf({ journeys }: ScenarioView, { deliveries }: ContactStory): number {
  return deliveries.reduce(
    (sum, { journey, attemptsLeftOut = 0 }) => sum + (journeys[journey]?.length ?? 0) + attemptsLeftOut,
    0,
  );
}
