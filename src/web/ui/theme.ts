// Light and dark theme: that of the system until the button is pressed. An event makes plots redraw, because
// their colors are fixed when they are drawn.

import { h } from './dom.js';

export function themeButton(): HTMLElement {
  return h(
    'button',
    { type: 'button', click: switchTheme, 'aria-label': 'Switch between light and dark' },
    '◐',
  );
}

export function followSystemTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', announceTheme);
}

function switchTheme(): void {
  const root = document.documentElement;
  const isDark = getComputedStyle(root).colorScheme === 'dark';
  root.dataset['theme'] = isDark ? 'light' : 'dark';
  announceTheme();
}

function announceTheme(): void {
  dispatchEvent(new Event('bouncelab-theme'));
}
