// Light and dark: what the system wants, until somebody says otherwise. Plots are drawn again.

import { h } from './dom.js';

export function themeButton(): HTMLElement {
  return h(
    'button',
    { type: 'button', click: switchTheme, 'aria-label': 'Switch between light and dark' },
    '◐',
  );
}

export function followSystemTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell);
}

function switchTheme(): void {
  const root = document.documentElement;
  const isDark = getComputedStyle(root).colorScheme === 'dark';
  root.dataset['theme'] = isDark ? 'light' : 'dark';
  tell();
}

function tell(): void {
  dispatchEvent(new Event('bouncelab-theme'));
}
