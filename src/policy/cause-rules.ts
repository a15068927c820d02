// Rules that find the cause of a refusal: their shape, and a table that applies them in order. The rules
// themselves are data: those of a policy first, then classification/causes.yaml.

import { RE2JS } from 're2js';
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

type Test = (refusal: Refusal, text: string) => boolean;

interface CompiledRule {
  rule: CauseRule;
  tests: Test[];
}

/** An ordered list of rules, compiled. */
export class CauseTable {
  private readonly rules: CompiledRule[];
  private readonly answers = new Map<string, CauseRule | undefined>();

  /** @param search compiles a pattern; called when the pattern is first needed */
  constructor(rules: readonly CauseRule[], search: (pattern: string) => Search) {
    this.rules = rules.map((rule) => ({ rule, tests: testsOf(rule, search) }));
  }

  /** The first rule that matches; undefined when none does. */
  find(refusal: Refusal): CauseRule | undefined {
    const { reply, stage, host = '', domain = '' } = refusal;
    const text = searchable(reply);
    const key = `${reply.code} ${reply.enhanced ?? ''} ${stage} ${host} ${domain} ${text}`;
    if (this.answers.has(key)) return this.answers.get(key);
    const found = this.rules.find(({ tests }) => tests.every((test) => test(refusal, text)))?.rule;
    if (this.answers.size >= ANSWERS_MAX) this.answers.clear();
    this.answers.set(key, found);
    return found;
  }
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
    tests.push(({ reply }, said) => {
      const enhanced = reply.enhanced ?? enhancedWithin(reply.code, said);
      return enhanced !== undefined && patterns.some((one) => one.test(enhanced));
    });
  }
  if (stage) tests.push((refusal) => stage.includes(refusal.stage));
  for (const key of ['host', 'domain'] as const) {
    const names = rule[key]?.map((name) => keyPattern(name));
    if (!names) continue;
    tests.push(({ [key]: name }) => name !== undefined && names.some((one) => one(domainKey(name))));
  }
  if (text) {
    const any = lazily(text, search);
    tests.push((_, said) => any(said));
  }
  if (unless) {
    const any = lazily(unless, search);
    tests.push((_, said) => !any(said));
  }
  return tests;
}

/** Whether any pattern matches. Compiled at the first call: most patterns are never needed. */
function lazily(patterns: readonly string[], search: (pattern: string) => Search): Search {
  let compiled: Search[] | undefined;
  return (text) => {
    compiled ??= patterns.map(search);
    return compiled.some((one) => one(text));
  };
}

/** `x.7.*` as an expression: `x` is any class, `*` any detail. */
function enhancedPattern(written: string): RegExp {
  const [type, subject, detail] = written.split('.') as [string, string, string];
  return new RegExp(`^${type === 'x' ? '[45]' : type}\\.${subject}\\.${detail === '*' ? '\\d+' : detail}$`);
}

const WITHIN = /(?:^|[\s(#])([45]\.\d{1,2}\.\d{1,3})(?=[\s),;:]|$)/;

/** Some servers write the enhanced code somewhere in the text: `(#5.7.1)` at its end, as qmail does. */
function enhancedWithin(code: number, text: string): string | undefined {
  const found = WITHIN.exec(text)?.[1];
  return found?.[0] === String(code)[0] ? found : undefined;
}

/** Addresses do not show the cause and may contain any word. Bounded, so that no text makes it slow. */
const ADDRESS = /[^\s<>()@"'`]{1,64}@[a-z0-9.-]{1,255}/gi;

/** The text that the rules search: the first characters of all lines joined, without addresses. */
function searchable({ lines }: Reply): string {
  let text = '';
  for (const line of lines) {
    text += ` ${line.slice(0, TEXT_LENGTH_MAX)}`;
    if (text.length > TEXT_LENGTH_MAX) break;
  }
  return text.slice(0, TEXT_LENGTH_MAX).replace(ADDRESS, '').replace(/\s+/g, ' ').trim().toLowerCase();
}
