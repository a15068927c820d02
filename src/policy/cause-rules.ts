// Rules that find the cause of a refusal: their shape, and a table that applies them in order. The rules
// themselves are data: those of a policy first, then classification/causes.yaml.

import { RE2JS } from 're2js';
import { enhancedOf } from '../events/reply-text.js';
import type { Cause, Reply, Stage } from '../events/types.js';
import { keyPattern } from '../base/addresses.js';
import { domainKey } from '../base/domain-names.js';

/** One rule: all given criteria must match. The first rule that matches gives the cause. */
export interface CauseRule {
  cause: Cause;
  /** `550`, or a class such as `5xx`; one must match. */
  code?: string[];
  /** `5.2.2`, `x.2.2` for any class, `x.7.*` for a subject; one must match. */
  enhanced?: string[];
  stage?: Stage[];
  /** Patterns in the syntax of RE2, without regard to case; one must match. */
  text?: string[];
  /** Patterns of which none may match. */
  unless?: string[];
  /** Names of receiving hosts, and domains of recipients; `*` matches any text. */
  host?: string[];
  domain?: string[];
}

/** A refusal as the rules see it. */
export interface Refusal {
  reply: Reply;
  stage: Stage;
  /** Host that refused; absent when no host was reached. */
  host?: string | undefined;
  /** Domain of the recipient, lower case. */
  domain?: string | undefined;
}

/**
 * Characters of a reply that the rules read. The reason is at its beginning (a line has at most 512
 * octets, RFC 5321, 4.5.3.1.5), while a reply may have any number of lines.
 */
const TEXT_LENGTH_MAX = 2000;

/** Results that are cached: many recipients get the same reply. */
const ANSWERS_MAX = 2000;

/** Whether a pattern matches anywhere in a text. */
export type Search = (text: string) => boolean;

/**
 * Compiles a pattern for RE2, which takes linear time for every pattern and text.
 *
 * @throws Error with the reason when it is not in the syntax of RE2
 */
export function linearSearch(pattern: string): Search {
  const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
  return (text) => compiled.matcher(text).find();
}

/**
 * Compiles a pattern as a JavaScript regular expression: a hundred times faster than RE2, but a careless
 * pattern can backtrack for long. For shipped rules only, whose time a test checks.
 */
export function nativeSearch(pattern: string): Search {
  const compiled = new RegExp(pattern, 'i');
  return (text) => compiled.test(text);
}

/** What the rules compare: the refusal, its text as searched, and its enhanced code. */
interface Searched extends Refusal {
  said: string;
  enhanced: string | undefined;
}

type Test = (refusal: Searched) => boolean;

interface CompiledRule {
  rule: CauseRule;
  tests: Test[];
}

/** An ordered list of rules, compiled. */
export class CauseTable {
  private readonly rules: CompiledRule[];
  private readonly answers = new Map<string, CauseRule | undefined>();
  /** The same by the whole reply as it is written, which needs no preparing of its text. */
  private readonly known = new Map<string, CauseRule | undefined>();

  /** @param search compiles a pattern; called when the pattern is first needed */
  constructor(rules: readonly CauseRule[], search: (pattern: string) => Search) {
    this.rules = rules.map((rule) => ({ rule, tests: testsOf(rule, search) }));
  }

  /** Place of a rule that {@link find} has returned, from 0. */
  indexOf(rule: CauseRule): number {
    return this.rules.findIndex((one) => one.rule === rule);
  }

  /** The first rule that matches; undefined when none does. */
  find(refusal: Refusal): CauseRule | undefined {
    const { reply, stage, host = '', domain = '' } = refusal;
    const { code, enhanced: status = '', lines } = reply;
    const written = `${code} ${status} ${stage} ${host} ${domain} ${lines.length === 1 ? lines[0] : lines.join('\n')}`;
    if (this.known.has(written)) return this.known.get(written);
    const found = this.search(refusal);
    if (this.known.size >= ANSWERS_MAX) this.known.clear();
    this.known.set(written, found);
    return found;
  }

  private search(refusal: Refusal): CauseRule | undefined {
    const { reply, stage, host = '', domain = '' } = refusal;
    const said = searchable(reply);
    const enhanced = enhancedOf(reply);
    const key = `${reply.code} ${enhanced ?? ''} ${stage} ${host} ${domain} ${said}`;
    if (this.answers.has(key)) return this.answers.get(key);
    const searched = { ...refusal, said, enhanced };
    const found = this.rules.find(({ tests }) => tests.every((test) => test(searched)))?.rule;
    if (this.answers.size >= ANSWERS_MAX) this.answers.clear();
    this.answers.set(key, found);
    return found;
  }
}

/** The pattern of a rule that is found in a reply; undefined for a rule without patterns. */
export function matchingPattern({ text }: CauseRule, reply: Reply): string | undefined {
  const said = searchable(reply);
  return text?.find((pattern) => linearSearch(withoutAccents(pattern))(said));
}

/** The cheap tests come first. */
function testsOf(rule: CauseRule, search: (pattern: string) => Search): Test[] {
  const tests: Test[] = [];
  const { stage, text, unless } = rule;
  if (rule.code) {
    const codes = rule.code.map((code) => code.replace(/xx$/, ''));
    tests.push(({ reply }) => codes.some((code) => String(reply.code).startsWith(code)));
  }
  if (rule.enhanced) {
    const patterns = rule.enhanced.map(enhancedPattern);
    tests.push(({ enhanced }) => enhanced !== undefined && patterns.some((one) => one.test(enhanced)));
  }
  if (stage) tests.push((refusal) => stage.includes(refusal.stage));
  for (const key of ['host', 'domain'] as const) {
    const names = rule[key]?.map((name) => keyPattern(name));
    if (!names) continue;
    tests.push(({ [key]: name }) => name !== undefined && names.some((one) => one(domainKey(name))));
  }
  if (text) {
    const any = lazily(text, search);
    tests.push(({ said }) => any(said));
  }
  if (unless) {
    const any = lazily(unless, search);
    tests.push(({ said }) => !any(said));
  }
  return tests;
}

/** Whether any pattern matches. Compiled at the first call: most patterns are never needed. */
function lazily(patterns: readonly string[], search: (pattern: string) => Search): Search {
  let compiled: Search[] | undefined;
  return (text) => {
    compiled ??= patterns.map((pattern) => search(withoutAccents(pattern)));
    return compiled.some((one) => one(text));
  };
}

/** `x.7.*` as an expression: `x` is any class, `*` any detail. */
function enhancedPattern(written: string): RegExp {
  const [type, subject, detail] = written.split('.') as [string, string, string];
  return new RegExp(`^${type === 'x' ? '[45]' : type}\\.${subject}\\.${detail === '*' ? '\\d+' : detail}$`);
}

/** Addresses do not show the cause and may contain any word. Bounded, so that no text makes it slow. */
const ADDRESS = /[^\s<>()@"'`]{1,64}@[a-z0-9.-]{1,255}/gi;

/** Nor do the paths of URLs, and many servers begin with their name. */
const URL_PATH = /(https?:\/\/[a-z0-9.-]{1,255})[/?#:][^\s<>"']{0,500}/gi;
const HOST_FIRST = /^\s*(?:[a-z0-9-]{1,63}\.){1,10}[a-z]{2,20}:?\s(?!does not)/i;

/** The text that the rules search: the first characters of all lines joined, without addresses. */
function searchable({ lines }: Reply): string {
  let text = '';
  for (const line of lines) {
    text += ` ${line.slice(0, TEXT_LENGTH_MAX)}`;
    if (text.length > TEXT_LENGTH_MAX) break;
  }
  const bare = text
    .slice(0, TEXT_LENGTH_MAX)
    .replace(ADDRESS, '')
    .replace(URL_PATH, '$1')
    .replace(HOST_FIRST, ' ')
    .replace(/([a-z])_(?=[a-z])/gi, '$1 ')
    .replace(/\s+/g, ' ');
  return withoutAccents(bare).trim().toLowerCase();
}

/** Latin letters without their accents: servers write `boîte` as well as `boite`. */
function withoutAccents(text: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII is the frequent case
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return text
    .normalize('NFD')
    .replace(/(\p{Script=Latin})\p{M}{1,10}/gu, '$1')
    .normalize('NFC');
}
