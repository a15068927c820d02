// Access to the data in the page. The view of a scenario is parsed when it is shown, since it may be large.

import type { PageRun, ScenarioView } from '../../results/view/view.js';

export const page = block('run') as PageRun;

const views = new Map<number, ScenarioView | undefined>();

/** @returns undefined for a scenario that was not played */
export function viewOf(index: number): ScenarioView | undefined {
  if (!views.has(index)) views.set(index, block(`view-${index}`) as ScenarioView | undefined);
  return views.get(index);
}

/** Text of each file in which a failure of the scenario has its place. */
export function sourcesOf(index: number): Record<string, string> {
  return (block(`source-${index}`) as Record<string, string> | undefined) ?? {};
}

function block(id: string): unknown {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) : undefined;
}

/** The fragment URL of a view of this page. */
export function link(...parts: (string | number)[]): string {
  return `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
}
