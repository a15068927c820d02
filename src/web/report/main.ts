// The entry point of the report page: shows the view that the fragment of its URL names, so that the history
// of the browser works.

import { contactPage } from './contact.js';
import { link, page, sourcesOf } from './data.js';
import { h, bdi, printableLines } from '../ui/dom.js';
import { code } from './failure.js';
import { overview } from './overview.js';
import { clearPlots } from '../ui/plot.js';
import { mailingPage, scenarioPage } from './scenario.js';
import { followSystemTheme, themeButton } from '../ui/theme.js';

type Crumb = [text: string, href?: string];

interface View {
  crumbs: Crumb[];
  content: Node[];
}

function route(hash: string): View {
  const [kind, number, what, ...rest] = hash.replace(/^#\/?/, '').split('/').map(decode);
  if (kind !== 's' || number === undefined) return { crumbs: [], content: overview() };
  const index = Number(number);
  const name = page.run.scenarios[index]?.name ?? number;
  const scenario: Crumb = [name, link('s', index)];
  const [first = '', line = '1'] = rest;
  switch (what) {
    case 'm':
      return { crumbs: [scenario, [first]], content: mailingPage(index, first) };
    case 'c':
      return { crumbs: [scenario, [first]], content: contactPage(index, first) };
    case 'file':
      return { crumbs: [scenario, [first]], content: filePage(index, first, Number(line)) };
    default:
      return { crumbs: [[name]], content: scenarioPage(index) };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function filePage(index: number, file: string, line: number): Node[] {
  const source = sourcesOf(index)[file];
  const content =
    source === undefined
      ? h('p', { class: 'empty' }, 'This file is not part of the report.')
      : code(source, line, undefined);
  return [
    h('div', { class: 'head' }, h('h1', {}, bdi(file)), h('p', { class: 'meta' }, `line ${line}`)),
    content,
  ];
}

function top(crumbs: Crumb[]): HTMLElement {
  return h(
    'header',
    { class: 'top' },
    h('a', { class: 'brand', href: '#/' }, 'Bouncelab'),
    h(
      'nav',
      { class: 'path', 'aria-label': 'Place' },
      h(
        'ol',
        {},
        ...crumbs.map(([text, href]) =>
          h(
            'li',
            {},
            href === undefined
              ? h('span', { 'aria-current': 'page' }, bdi(text))
              : h('a', { href }, bdi(text)),
          ),
        ),
      ),
    ),
    themeButton(),
  );
}

function show(): void {
  clearPlots();
  const { crumbs, content } = route(location.hash);
  const main = h('main', { id: 'main', tabindex: -1 }, ...content);
  document.getElementById('app')!.replaceChildren(top(crumbs), main);
  const title = crumbs.at(-1)?.[0] ?? page.runId;
  document.title = `${printableLines(title)} · Bouncelab`;
  scrollTo(0, 0);
  document.getElementById('hit')?.scrollIntoView({ block: 'center' });
}

addEventListener('hashchange', () => {
  // The skip link changes the fragment too, but it names no view.
  if (location.hash === '#main') return document.getElementById('main')!.focus();
  show();
  document.getElementById('main')!.focus({ preventScroll: true });
});
followSystemTheme();
show();
