// Plots over virtual time with uPlot: lines that differ in color and dashes, a legend with the values at the
// pointer, and vertical marks for events of the scenario.

import uPlot from 'uplot';
import type { Mark } from '../../results/view/view.js';
import { h, s, printableLines } from './dom.js';
import { number, time } from './words.js';

export interface Line {
  label: string;
  sign: string;
  color: string;
  dash: readonly number[];
  values: number[];
}

const HOUR = 3_600_000;
/** Possible distances between ticks of the time axis, hours. */
const STEPS_H = [
  1 / 3600,
  1 / 360,
  1 / 60,
  1 / 12,
  1 / 6,
  1 / 4,
  1 / 2,
  1,
  2,
  3,
  6,
  12,
  24,
  48,
  96,
  192,
  384,
  768,
  1536,
];
const HEIGHT = 220;
const live = new Set<() => void>();

/** Destroys all plots of the previous view. */
export function clearPlots(): void {
  for (const destroy of live) destroy();
  live.clear();
}

/** @param t virtual ms of the values */
export function plot(
  label: string,
  t: readonly number[],
  lines: readonly Line[],
  marks: readonly Mark[] = [],
): HTMLElement {
  const outputs = lines.map(() => h('b', {}));
  const at = h('p', { class: 'readout' });
  const legend = h(
    'ul',
    { class: 'legend' },
    ...lines.map((line, index) =>
      h(
        'li',
        {},
        sample(line),
        h('span', { 'aria-hidden': 'true' }, line.sign),
        printableLines(line.label),
        outputs[index],
      ),
    ),
  );
  const showValues = (index: number | null | undefined): void => {
    const last = index ?? t.length - 1;
    at.textContent = t.length === 0 ? '' : `${index == null ? 'At the end' : 'At'} ${time(t[last]!)}`;
    for (const [row, line] of lines.entries()) outputs[row]!.textContent = number(line.values[last] ?? 0);
  };
  showValues(undefined);
  const holder = h('div', { class: 'plot', role: 'img', 'aria-label': label });
  const draw = (): (() => void) => {
    const u = new uPlot(options(holder, lines, marks, showValues), data(t, lines), holder);
    const resize = new ResizeObserver(() =>
      u.setSize({ width: Math.max(200, holder.clientWidth), height: HEIGHT }),
    );
    resize.observe(holder);
    return () => {
      resize.disconnect();
      u.destroy();
    };
  };
  // Its width is known only after it has become part of the page.
  requestAnimationFrame(() => {
    if (!holder.isConnected) return;
    let destroy = draw();
    live.add(() => destroy());
    addEventListener('bouncelab-theme', () => {
      if (!holder.isConnected) return;
      destroy();
      destroy = draw();
    });
  });
  return h('div', { class: 'cards' }, legend, holder, at);
}

function data(t: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [t.map((ms) => ms / HOUR), ...lines.map(({ values }) => values)];
}

function options(
  holder: HTMLElement,
  lines: readonly Line[],
  marks: readonly Mark[],
  showValues: (index: number | null | undefined) => void,
): uPlot.Options {
  const ink = color('--soft-ink');
  const grid = { stroke: color('--line'), width: 1 };
  const axis = { stroke: ink, grid, ticks: grid, font: `12px ${color('--sans')}` };
  const stepped = uPlot.paths.stepped!({ align: 1 });
  return {
    width: Math.max(200, holder.clientWidth),
    height: HEIGHT,
    padding: [8, null, 0, null],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.06)] } },
    axes: [
      {
        ...axis,
        values: (_, splits) => splits.map((hours) => time(Math.round(hours * HOUR))),
        space: 70,
        size: 32,
        incrs: STEPS_H,
      },
      { ...axis, size: 68, values: (_, splits) => splits.map((n) => (Number.isInteger(n) ? number(n) : '')) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(`--${line.color}`),
        width: 2,
        dash: [...line.dash],
        paths: stepped,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [(u) => showValues(u.cursor.idx)],
      drawClear: [(u) => drawMarks(u, marks)],
    },
  };
}

function drawMarks(u: uPlot, marks: readonly Mark[]): void {
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = color('--strong-line');
  ctx.setLineDash([3, 3]);
  for (const { t } of marks) {
    const x = Math.round(u.valToPos(t / HOUR, 'x', true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function sample({ color: name, dash }: Line): SVGElement {
  return s(
    'svg',
    { viewBox: '0 0 26 8', 'aria-hidden': 'true' },
    s('line', {
      x1: 0,
      x2: 26,
      y1: 4,
      y2: 4,
      stroke: `var(--${name})`,
      'stroke-width': 2.5,
      'stroke-dasharray': dash.join(' '),
    }),
  );
}
