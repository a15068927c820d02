// The sequence diagram of one attempt: three lanes for sender, network and host. Time runs downwards, one row
// per line of the dialogue. Each arrow is a command or reply; what did not arrive ends in the network lane.

import type { ToldAttempt } from '../../results/view/story.js';
import { s, printableLines } from '../ui/dom.js';
import { clock } from '../ui/words.js';

const WIDTH = 760;
const SENDER = 110;
const HOST = 650;
const MIDDLE = (SENDER + HOST) / 2;
const ROW = 34;
const LABEL_LENGTH_MAX = 62;

export function lanes(attempt: ToldAttempt): SVGElement {
  const { lines, host = 'no host', startedAt, endedAt, outcome, said } = attempt;
  const spoken = lines.filter(({ kind }) => kind !== '-');
  const closed = lines.some(({ kind, text }) => kind === '-' && text === 'connection closed');
  const parts: SVGElement[] = [];
  let y = 70;
  const top = y;
  const at = (t: number): void => {
    parts.push(s('text', { x: SENDER - 10, y: y + 4, 'text-anchor': 'end', class: 'quiet' }, clock(t)));
  };
  const arrow = (kind: '>' | '<', text: string, isBad: boolean): void => {
    const [from, to] = kind === '>' ? [SENDER, HOST] : [HOST, SENDER];
    const direction = kind === '>' ? 1 : -1;
    const name = kind === '>' ? 'out' : isBad ? 'in bad' : 'in';
    const tip = to - direction * 2;
    parts.push(
      s('line', { class: name, x1: from, y1: y, x2: tip, y2: y + 14 }),
      s('path', {
        class: kind === '>' ? 'arrow-out' : isBad ? 'arrow-in bad' : 'arrow-in',
        d: `M ${tip} ${y + 14} l ${-9 * direction} -5 l 0 9 z`,
      }),
      s('text', { x: MIDDLE, y: y - 1, 'text-anchor': 'middle' }, label(text)),
    );
    y += ROW;
  };
  at(startedAt);
  if (spoken.length === 0) {
    parts.push(
      s('line', { class: 'out', x1: SENDER, y1: y, x2: MIDDLE, y2: y + 10 }),
      s('path', { class: 'lost', d: `M ${MIDDLE - 6} ${y + 4} l 12 12 m 0 -12 l -12 12` }),
      s(
        'text',
        { x: MIDDLE, y: y - 4, 'text-anchor': 'middle' },
        label(said === '' ? 'connect' : `connect: ${said}`),
      ),
    );
    y += ROW;
  } else if (lines[0]!.kind === '-' && lines[0]!.text.startsWith('connection ')) arrow('>', 'connect', false);
  for (const { t, kind, text } of spoken) {
    if (kind === '-') continue;
    at(t);
    arrow(kind, text, /^[45]/.test(text));
  }
  if (
    spoken.length > 0 &&
    outcome !== 'accepted' &&
    (closed || outcome === 'unreachable' || outcome === 'unknown')
  ) {
    parts.push(
      s('path', { class: 'lost', d: `M ${MIDDLE - 6} ${y} l 12 12 m 0 -12 l -12 12` }),
      s(
        'text',
        { x: MIDDLE, y: y - 5, 'text-anchor': 'middle' },
        label(outcome === 'deferred' || outcome === 'rejected' ? 'connection closed' : said || 'no reply'),
      ),
    );
    y += ROW;
  }
  parts.push(
    s('text', { x: SENDER - 10, y: y + 4, 'text-anchor': 'end', class: 'quiet' }, clock(endedAt)),
    s('text', { x: SENDER + 8, y: y + 4 }, outcome),
  );
  const height = y + 24;
  const heads = [
    [SENDER, 'sender'],
    [MIDDLE, 'network'],
    [HOST, host],
  ] as const;
  return s(
    'svg',
    {
      class: 'lanes',
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'aria-label': `Sequence diagram of attempt ${attempt.n}: ${spoken.length} lines between the sender and ${host}, then ${outcome}`,
    },
    ...heads.map(([x, text]) => s('text', { class: 'head', x, y: 26, 'text-anchor': 'middle' }, label(text))),
    ...heads.map(([x], index) =>
      s('line', {
        class: 'lane',
        x1: x,
        x2: x,
        y1: 40,
        y2: height - 6,
        'stroke-dasharray': index === 1 ? '2 5' : undefined,
      }),
    ),
    s('line', { x1: 0, x2: 0, y1: top, y2: top }),
    ...parts,
  );
}

function label(text: string): string {
  const [first = '', ...more] = printableLines(text).split('\n');
  const whole = more.length > 0 ? `${first} …` : first;
  return whole.length <= LABEL_LENGTH_MAX ? whole : `${whole.slice(0, LABEL_LENGTH_MAX - 1)}…`;
}
