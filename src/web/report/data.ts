// The data in the page. What a scenario's events came to is parsed when somebody looks at it.

import type { PageRun, ScenarioView } from '../../results/view/view.js';

export const page = block('run') as PageRun;

const views = new Map<number, ScenarioView | undefined>();

/** Undefined when nothing of the scenario was played. */
export function viewOf(index: number): ScenarioView | undefined {
  if (!views.has(index)) views.set(index, block(`view-${index}`) as ScenarioView | undefined);
  return views.get(index);
}

/** Texts of the files that a scenario's failures point into. */
export function sourcesOf(index: number): Record<string, string> {
  return (block(`source-${index}`) as Record<string, string> | undefined) ?? {};
}

function block(id: string): unknown {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) : undefined;
}

/** The address of a place in this page. */
export function link(...parts: (string | number)[]): string {
  return `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
}
