// The HTML around the data of a page, as one self-contained file. Its Content-Security-Policy forbids
// every request and every script but its own; data are JSON in script elements that browsers do not run.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { builtModule } from '../../base/package-root.js';
import { terminalLine } from '../text.js';

/** A built script or style. Tests run from TypeScript source and use the last build too. */
function asset(name: string): string {
  return readFileSync(builtModule(`page/${name}`), 'utf8');
}

function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The built script of the page of a run, or of a comparison. */
export type PageScript = 'page.js' | 'compare.js';

/**
 * The part of the page before its data.
 *
 * @param figures where to find the same figures, shown in a browser that runs no script
 */
export function pageStart(
  title: string,
  script: PageScript = 'page.js',
  figures = 'run.json beside it has the same figures',
): string {
  const style = asset('page.css');
  const policy = [
    "default-src 'none'",
    `script-src ${sourceOf(asset(script))}`,
    `style-src ${sourceOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${htmlText(terminalLine(title))} · Bouncelab</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<div id="app"><noscript>This report needs JavaScript. ${htmlText(figures)}.</noscript></div>
`;
}

/** One block of data. */
export function dataBlock(id: string, json: string): string {
  return [...dataParts(id, [json])].join('');
}

/**
 * One block of data whose JSON comes in parts. Every `<` is escaped, so that data cannot end the block or begin an
 * element.
 */
export function* dataParts(id: string, json: Iterable<string>): Generator<string, void, undefined> {
  yield `<script type="application/json" id="${id}">`;
  for (const part of json) yield part.replaceAll('<', '\\u003c');
  yield '</script>\n';
}

/** The part of the page after its data. */
export function pageEnd(script: PageScript = 'page.js'): string {
  return `<script>${asset(script)}</script>\n</body>\n</html>\n`;
}

function htmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
