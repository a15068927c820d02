// The history of one contact: each delivery with every attempt, its SMTP dialogue, the decision of the policy
// with its rule, and a sequence diagram of the attempt.

import {
  deliveriesOf,
  type ToldAttempt,
  type ToldDelivery,
  type ToldLine,
} from '../../results/view/story.js';
import { viewOf } from './data.js';
import { h, mono, bdi, printableLines } from '../ui/dom.js';
import { lanes } from './lanes.js';
import { fact } from './overview.js';
import { clock, count, outcomeWord, stateWord, statusWord, time } from '../ui/words.js';

/** Attempts shown one by one; of more, those in the middle are folded. */
const SHOWN_MAX = 6;

export function contactPage(index: number, address: string): Node[] {
  const view = viewOf(index);
  const contact = view?.contacts.find((one) => one.address === address.toLowerCase());
  if (!view || !contact) {
    return [
      h('h1', {}, bdi(address)),
      h(
        'p',
        { class: 'empty' },
        'This report does not contain the history of this contact. ',
        h('code', {}, 'bouncelab explain'),
        ' shows it.',
      ),
    ];
  }
  const deliveries = deliveriesOf(view, contact);
  return [
    h(
      'div',
      { class: 'head' },
      h('h1', {}, bdi(contact.written ?? contact.address)),
      h(
        'p',
        { class: 'meta' },
        h('span', {}, 'Status at the end ', h('b', {}, statusWord(contact.status))),
        fact('Soft-bounce streak', String(contact.streak)),
        view.policy && fact('Policy', view.policy.name),
      ),
    ),
    ...(contact.notes.length === 0
      ? []
      : [
          h(
            'section',
            {},
            h('h2', {}, 'Changes of the contact'),
            h(
              'ul',
              { class: 'plain card' },
              ...contact.notes.map(([t, text]) =>
                h('li', {}, h('span', { class: 'quiet' }, `${time(t)}  `), bdi(text)),
              ),
            ),
          ),
        ]),
    ...(deliveries.length === 0 ? [h('p', { class: 'empty' }, 'No mailing was sent to this contact.')] : []),
    ...deliveries.map((delivery) => deliverySection(delivery)),
  ];
}

function deliverySection(delivery: ToldDelivery): HTMLElement {
  const { attempts, attemptsLeftOut, mailing, state, endedAt, why, queuedAt } = delivery;
  const folded = attempts.length > SHOWN_MAX;
  const first = folded ? attempts.slice(0, SHOWN_MAX / 2) : attempts;
  const middle = folded ? attempts.slice(SHOWN_MAX / 2, -SHOWN_MAX / 2) : [];
  const last = folded ? attempts.slice(-SHOWN_MAX / 2) : [];
  return h(
    'section',
    { 'data-delivery': mailing },
    h('div', { class: 'sechead' }, h('h2', {}, bdi(mailing)), h('b', {}, stateWord(state))),
    h(
      'p',
      { class: 'meta' },
      queuedAt !== undefined && fact('Queued at', time(queuedAt)),
      endedAt !== undefined && fact('Ended at', time(endedAt)),
      why !== undefined && fact('Why', why),
      fact('Attempts', String(attempts.length + attemptsLeftOut)),
    ),
    h(
      'ol',
      { class: 'timeline' },
      ...first.map((attempt) => attemptItem(attempt)),
      middle.length > 0 &&
        h(
          'li',
          {},
          h(
            'details',
            { class: 'card' },
            h(
              'summary',
              {},
              `${count(middle.length, 'attempt')} between ${time(middle[0]!.startedAt)} and ${time(middle.at(-1)!.startedAt)}`,
            ),
            h('ol', { class: 'timeline' }, ...middle.map((attempt) => attemptItem(attempt))),
          ),
        ),
      ...last.map((attempt) => attemptItem(attempt)),
    ),
    attemptsLeftOut > 0 &&
      h(
        'p',
        { class: 'empty' },
        `${count(attemptsLeftOut, 'later attempt')} left out: the page of this run is full. `,
        h('code', {}, 'bouncelab explain FILE ADDRESS --last'),
        ' shows all.',
      ),
  );
}

function attemptItem(attempt: ToldAttempt): HTMLElement {
  const {
    n,
    startedAt,
    endedAt,
    host,
    stage,
    outcome,
    cause,
    said: words,
    decision,
    lines,
    session,
    transaction,
  } = attempt;
  // Scrollable, so it must be reachable with the keyboard.
  const picture = h('div', {
    class: 'lanes-frame',
    role: 'region',
    tabindex: 0,
    'aria-label': `Sequence diagram of attempt ${n}`,
  });
  const details = h(
    'details',
    {
      toggle: () => {
        if (picture.childElementCount === 0) picture.append(lanes(attempt));
      },
    },
    h('summary', { class: 'small' }, lines.length > 0 ? 'Dialogue and sequence diagram' : 'Sequence diagram'),
    lines.length > 0 && dialogue(lines),
    picture,
  );
  return h(
    'li',
    { class: `attempt ${outcome}` },
    h(
      'div',
      { class: 'sechead' },
      h('h3', {}, `Attempt ${n} at ${time(startedAt)}`),
      outcomeWord(outcome),
      outcome !== 'accepted' && h('span', { class: 'small' }, `cause ${cause}`),
    ),
    h(
      'p',
      { class: 'meta' },
      host !== undefined && fact('Host', host),
      fact('Stage', stage),
      fact('Took', time(endedAt - startedAt)),
      session !== undefined &&
        fact('Connection', transaction > 1 ? `${session}, message ${transaction} on it` : String(session)),
    ),
    words !== '' && h('span', { class: 'said' }, mono(words)),
    h(
      'p',
      {},
      bdi(decision.text),
      decision.rule !== '' && h('span', { class: 'quiet small' }, ` ${decision.rule}.`),
    ),
    details,
  );
}

function dialogue(lines: readonly ToldLine[]): HTMLElement {
  return h(
    'ol',
    { class: 'dialogue' },
    ...lines.map(({ t, kind, text }) =>
      kind === '-'
        ? h(
            'li',
            {},
            h('span', { class: 'at' }, clock(t)),
            h('span', {}, '·'),
            h('span', { class: 'remark' }, bdi(text)),
          )
        : h(
            'li',
            {},
            h('span', { class: 'at' }, clock(t)),
            h('span', { 'aria-label': kind === '>' ? 'sender' : 'server' }, kind),
            h('pre', {}, printableLines(text)),
          ),
    ),
  );
}
