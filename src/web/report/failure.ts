// A failure: its message, the line of the file with the expectation, details, and a link to the whole file.

import type { Failure } from '../../results/result.js';
import { link, sourcesOf } from './data.js';
import { h, mono, bdi, printableLines } from '../ui/dom.js';

const CONTEXT = 3;
const DETAILS_MAX = 30;
/** Space between the mark and the edge of its frame, pixels. */
const MARK_MARGIN = 16;

export function failureCard(index: number, failure: Failure): HTMLElement {
  const { file, line, column, message, expected, actual, details = [], hint } = failure;
  const source = sourcesOf(index)[file];
  return h(
    'article',
    { class: 'card failure' },
    h('p', { class: 'message' }, bdi(message)),
    (expected !== '' || actual !== '') &&
      h('p', {}, 'expected ', h('b', {}, bdi(expected)), ', found ', h('b', { class: 'hard' }, bdi(actual))),
    h(
      'p',
      { class: 'small' },
      source === undefined
        ? mono(`${file}:${line}:${column}`)
        : h('a', { href: link('s', index, 'file', file, line) }, mono(`${file}:${line}:${column}`)),
    ),
    source !== undefined && code(source, line, { column, length: failure.length ?? 1 }, CONTEXT),
    details.length > 0 &&
      h(
        'ul',
        { class: 'plain small' },
        ...details.slice(0, DETAILS_MAX).map((detail) => h('li', {}, mono(detail))),
        details.length > DETAILS_MAX &&
          h('li', { class: 'quiet' }, `and ${details.length - DETAILS_MAX} more in run.json`),
      ),
    hint !== undefined && h('p', { class: 'small quiet' }, 'Hint: ', bdi(hint)),
  );
}

/**
 * Lines of a file, one of them highlighted.
 *
 * @param context lines before and after it; without it the whole file is shown
 */
export function code(
  source: string,
  line: number,
  mark: { column: number; length: number } | undefined,
  context = Infinity,
): HTMLElement {
  const lines = source.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const first = Math.max(1, line - context);
  const rows = lines.slice(first - 1, Math.min(lines.length, line + context)).flatMap((text, offset) => {
    const no = first + offset;
    const isHit = no === line;
    const row = h(
      'div',
      { class: isHit ? 'row hit' : 'row', id: isHit && context === Infinity ? 'hit' : undefined },
      h('span', { class: 'no' }, no),
      h('span', {}, printableLines(text), isHit && h('span', { class: 'quiet' }, '')),
    );
    if (!isHit || !mark) return [row];
    const before = printableLines(text.slice(0, mark.column - 1)).replace(/\S/g, ' ');
    const carets = '^'.repeat(Math.max(1, Math.min(mark.length, text.length - mark.column + 1)));
    const under = h(
      'div',
      { class: 'row', 'aria-hidden': 'true' },
      h('span', { class: 'no' }),
      h('span', {}, before, h('span', { class: 'caret' }, carets)),
    );
    return [row, under];
  });
  const frame = h(
    'div',
    { class: 'code mono', tabindex: 0, role: 'region', 'aria-label': `lines around line ${line}` },
    ...rows,
  );
  // Positions are known only after the frame has become part of the page.
  requestAnimationFrame(() => scrollToMark(frame));
  return frame;
}

/** Scrolls a long line sideways until its mark is visible. */
function scrollToMark(frame: HTMLElement): void {
  const mark = frame.querySelector('.caret')?.getBoundingClientRect();
  if (!mark) return;
  const { left } = frame.getBoundingClientRect();
  const numbers = frame.querySelector('.no')!.getBoundingClientRect().right - left;
  const hidden = mark.right + MARK_MARGIN - left - frame.clientWidth;
  frame.scrollLeft = Math.max(0, Math.min(hidden, mark.left - MARK_MARGIN - left - numbers));
}
