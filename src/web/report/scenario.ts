// The view of one scenario: lost contacts, failures, warnings, mailings, attempts by provider, connections by host,
// changes of status, and all contacts.

import type { DomainView, HostView, ScenarioView, StatusChange } from '../../results/view/view.js';
import type { ScenarioResult } from '../../results/result.js';
import { alarm } from './alarm.js';
import { strip } from '../ui/charts.js';
import { contactList } from './contacts.js';
import { link, page, viewOf } from './data.js';
import { h, breakable, bdi } from '../ui/dom.js';
import { failureCard } from './failure.js';
import { isLive, livePlacement, notJudgedList } from './live.js';
import { fact, repeatLine } from './overview.js';
import { causes, curve, figures, responseTabs } from './response.js';
import { sharedHosts } from './sites.js';
import { longTable, table } from '../ui/table.js';
import { warnings } from './warnings.js';
import { count, number, OUTCOME_SIGNS, statusWord, time, verdict } from '../ui/words.js';

export function scenarioPage(index: number): Node[] {
  const result = page.run.scenarios[index];
  if (!result) return [h('p', { class: 'empty' }, 'There is no such scenario in this run.')];
  const view = viewOf(index);
  const names = Object.keys(result.mailings);
  const verdictParts = [
    head(index, result, view),
    ...cutOff(result, view),
    ...[alarm([{ scenario: result, index }], false) ?? []].flat(),
    ...failures(index, result),
    ...warnings([{ index, result }], false),
    ...notJudgedList(result),
  ];
  if (isLive(result)) return [...verdictParts, ...livePlacement(result), ...(view ? hosts(view) : [])];
  return [
    ...verdictParts,
    ...(names.length === 0
      ? []
      : [h('section', {}, h('h2', {}, 'Response'), responseTabs(index, result.mailings))]),
    ...(names.length === 1 ? mailingParts(index, names[0]!) : []),
    ...(view ? network(view) : []),
    ...sharedHosts(result.servers),
    ...(view ? [statusChanges(index, view), contactList(index, view)] : []),
  ];
}

/** The view of one mailing of a scenario that has several. */
export function mailingPage(index: number, name: string): Node[] {
  const result = page.run.scenarios[index];
  const mailing = result?.mailings[name];
  if (!mailing) return [h('p', { class: 'empty' }, 'There is no such mailing in this scenario.')];
  return [
    h(
      'div',
      { class: 'head' },
      h('h1', {}, bdi(name)),
      h(
        'p',
        { class: 'meta' },
        fact('State', mailing.state),
        fact('Kind', mailing.kind),
        mailing.startedAt !== null && fact('Started at', time(mailing.startedAt)),
        mailing.startedAt !== null &&
          mailing.completedAt !== null &&
          fact('Took', time(mailing.completedAt - mailing.startedAt)),
      ),
    ),
    ...mailingParts(index, name),
  ];
}

function mailingParts(index: number, name: string): Node[] {
  const mailing = page.run.scenarios[index]!.mailings[name]!;
  const view = viewOf(index);
  const seen = view?.mailings.find((one) => one.name === name);
  const parts: Node[] = [h('section', { 'data-mailing': name }, figures(mailing))];
  if (!view || !seen) return parts;
  return [
    ...parts,
    h(
      'section',
      {},
      h('h2', {}, 'States over virtual time'),
      h('div', { class: 'card' }, curve(seen, view.marks)),
      marksOf(view),
    ),
    h('section', {}, h('h2', {}, 'Why attempts failed'), causes(index, seen.causes)),
  ];
}

function marksOf({ marks }: ScenarioView): HTMLElement {
  if (marks.length === 0) return h('div');
  return h(
    'details',
    {},
    h(
      'summary',
      { class: 'small' },
      `${count(marks.length, 'event')} of the scenario, marked with a dashed line`,
    ),
    h('ul', { class: 'plain small' }, ...marks.map(({ t, text }) => h('li', {}, `${time(t)}  `, bdi(text)))),
  );
}

function head(index: number, result: ScenarioResult, view: ScenarioView | undefined): HTMLElement {
  return h(
    'div',
    { class: 'head' },
    h('p', {}, verdict(result.status)),
    h('h1', {}, bdi(result.name)),
    h(
      'p',
      { class: 'meta' },
      h('span', {}, 'File ', h('a', { href: link('s', index, 'file', result.file, 1) }, bdi(result.file))),
      result.policy !== '' && fact('Policy', result.policy),
      result.seed !== '' && fact('Seed', result.seed),
      result.wire !== '' && fact('Wire', result.wire),
      fact('Virtual time', time(result.virtualMs)),
      view && fact('Events', number(view.events)),
      result.fingerprint !== '' && fact('Fingerprint', result.fingerprint.slice(0, 12)),
    ),
    repeatLine(index),
  );
}

function cutOff({ status, reason }: ScenarioResult, view: ScenarioView | undefined): Node[] {
  if (status === 'invalid') return [];
  if (status === 'skipped')
    return [
      h('p', { class: 'note' }, h('b', {}, 'Skipped. '), 'It was not played: ', bdi(reason ?? ''), '.'),
    ];
  if (!view)
    return [
      h('p', { class: 'note' }, 'The events of this scenario were not kept; only its figures are shown.'),
    ];
  if (view.ended === 'idle') return [];
  const why: Record<string, string> = {
    deadlock: 'Deliveries were in progress, and no event was left that could end them.',
    horizon: 'The scenario was still running at the end of the virtual time that it may use.',
    'cut off': 'The events stop before the end of the scenario; the page shows what happened until then.',
  };
  return [h('p', { class: 'note' }, h('b', {}, 'Partial. '), why[view.ended] ?? view.ended)];
}

function failures(index: number, { failures: all }: ScenarioResult): Node[] {
  if (all.length === 0) return [];
  const cards = all.map((failure) => failureCard(index, failure));
  return [
    h('section', {}, h('h2', {}, `Failures (${number(all.length)})`), h('div', { class: 'cards' }, ...cards)),
  ];
}

const OUTCOME_ORDER = ['accepted', 'deferred', 'rejected', 'unreachable', 'unknown'] as const;

function network(view: ScenarioView): Node[] {
  const order = OUTCOME_ORDER.map((name) => ({ name, color: OUTCOME_SIGNS[name]!.color }));
  const until = Math.max(1, view.endedAt);
  return [
    h(
      'section',
      {},
      h('h2', {}, 'Attempts by provider'),
      h(
        'p',
        { class: 'small quiet' },
        `From 0s to ${time(until)}; a column covers about ${time(Math.ceil(until / 120))}. Each row has its own scale.`,
      ),
      table<DomainView>(
        'Attempts by provider',
        [
          { label: 'Provider', isWide: true, cell: ({ domain }) => breakable(domain) },
          { label: 'Attempts', isNumber: true, cell: ({ attempts }) => attempts },
          ...OUTCOME_ORDER.map((name) => ({
            label: `${OUTCOME_SIGNS[name]!.sign} ${name}`,
            isNumber: true,
            cell: ({ outcomes }: DomainView) => outcomes[name],
          })),
          {
            label: 'Over time',
            isWide: true,
            cell: ({ domain, overTime, attempts }) =>
              h(
                'div',
                { class: 'chart-cell' },
                strip(overTime, order, until, `${number(attempts)} attempts at ${domain} over time`),
              ),
          },
        ],
        view.domains,
      ),
      leftOut(view.domainsLeftOut, 'provider'),
    ),
    ...hosts(view),
  ];
}

function hosts(view: ScenarioView): Node[] {
  const until = Math.max(1, view.endedAt);
  const hostOrder = [
    { name: 'opened', color: 'delivered' },
    { name: 'refused', color: 'hard' },
    { name: 'no-answer', color: 'withdrawn' },
  ];
  return [
    h(
      'section',
      {},
      h('h2', {}, 'Connections by host'),
      table<HostView>(
        'Connections by host',
        [
          { label: 'Host', isWide: true, cell: ({ host }) => breakable(host) },
          { label: 'Opened', isNumber: true, cell: ({ opened }) => opened },
          { label: 'Most at once', isNumber: true, cell: ({ peak }) => peak },
          { label: 'Refused', isNumber: true, cell: ({ refused }) => refused },
          { label: 'No answer', isNumber: true, cell: ({ noAnswer }) => noAnswer },
          { label: 'Messages accepted', isNumber: true, cell: ({ accepted }) => accepted },
          {
            label: 'Over time',
            isWide: true,
            cell: ({ host, overTime, opened }) =>
              h(
                'div',
                { class: 'chart-cell' },
                strip(overTime, hostOrder, until, `${number(opened)} connections to ${host} over time`),
              ),
          },
        ],
        view.hosts,
      ),
      leftOut(view.hostsLeftOut, 'host'),
    ),
  ];
}

function leftOut(n: number, noun: string): HTMLElement | false {
  return (
    n > 0 &&
    h('p', { class: 'note small' }, `The busiest are shown; ${count(n, `more ${noun}`)} are left out.`)
  );
}

function statusChanges(index: number, { changes, changesTotal }: ScenarioView): HTMLElement {
  const why = ({ why: reason, mailing, cause, by, reason: words }: StatusChange): Node =>
    h(
      'span',
      {},
      reason,
      cause !== undefined && ['hard-bounce', 'soft-bounces'].includes(reason) && `: ${cause}`,
      mailing !== undefined && [' in ', bdi(mailing)],
      by !== 'sender' && [' by ', bdi(by)],
      words !== undefined && [', “', bdi(words), '”'],
    );
  return h(
    'section',
    {},
    h('h2', {}, `Contacts whose status changed (${number(changesTotal)})`),
    changes.length === 0
      ? h('p', { class: 'empty' }, 'The status of no contact changed.')
      : longTable<StatusChange>(
          'Contacts whose status changed',
          [
            {
              label: 'Contact',
              isWide: true,
              cell: ({ address }) => h('a', { href: link('s', index, 'c', address) }, breakable(address)),
            },
            { label: 'At', isNumber: true, cell: ({ t }) => time(t) },
            { label: 'From', cell: ({ from }) => statusWord(from) },
            { label: 'To', cell: ({ to }) => statusWord(to) },
            { label: 'Why', cell: why },
          ],
          changes,
        ),
    changesTotal > changes.length &&
      h(
        'p',
        { class: 'note small' },
        `The first ${number(changes.length)} are listed; the events file contains all ${number(changesTotal)}.`,
      ),
  );
}
