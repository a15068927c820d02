// What the tests of the documentation read out of a Markdown file: its links, the anchors that links
// can name, and its code blocks.

import GithubSlugger from 'github-slugger';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function htmlOf(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

const decoded = (html: string): string =>
  html.replace(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);

/** Targets of the links that lead to a file of the repository or to a heading, such as `docs/a.md#b`. */
export function relativeLinks(markdown: string): string[] {
  return Array.from(htmlOf(markdown).matchAll(/<a href="([^"]*)"/g), ([, href]) =>
    decodeURI(decoded(href!)),
  ).filter((href) => !/^[a-z]+:/i.test(href));
}

/** Anchors of the headings, as GitHub makes them. */
export function anchors(markdown: string): Set<string> {
  const slugger = new GithubSlugger();
  const headings = htmlOf(markdown).matchAll(/<h[1-6]>(.*?)<\/h[1-6]>/gs);
  return new Set(Array.from(headings, ([, html]) => slugger.slug(decoded(html!.replace(/<[^>]*>/g, '')))));
}

/** Code blocks of a language; `''` for those without one. */
export function codeBlocks(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(/^```([^\n]*)\n(.*?)^```$/gms);
  return Array.from(blocks).flatMap(([, name, code]) => (name === language ? [code!] : []));
}
