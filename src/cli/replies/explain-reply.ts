// `bouncelab replies --explain`: the reading of one reply, as text or as JSON.

import pc from 'picocolors';
import { STAGES, type Party, type Stage } from '../../events/types.js';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { nameHint, quoted } from '../../documents/problems.js';
import { saidLines } from '../../events/reply-text.js';
import { displayWidth, pad, wrap } from '../../reporters/terminal/layout.js';
import { terminalLine } from '../../reporters/text.js';
import { listProfiles, shippedProfile, type Profile } from '../../scenarios/fleet/profile-file.js';
import { printProblems } from '../errors.js';
import type { Io } from '../io.js';
import { chosenBy } from './chosen.js';
import { parseRefusal, readingOf, type Reading } from './reading.js';

export interface ExplainReply {
  explain: string;
  provider?: string | undefined;
  stage?: string | undefined;
  /** A policy to show instead of the shipped ones: a name or a path. */
  policy?: string | undefined;
  /** Path of a file of cause rules. */
  causes?: string | undefined;
  json: boolean;
}

const LINE_COLUMNS = 100;
const LABEL_COLUMNS = 13;

const PARTIES: Record<Party, string> = {
  recipient: 'the recipient: its mailbox or its domain',
  sender: 'the sender: its address, rate, authentication or DNS',
  content: 'the content of the message',
  server: 'the receiving server and its policy',
  network: 'the network',
  unknown: 'the reply does not show it',
};

/** @throws BouncelabError E_USAGE for text that is not a refusal, and for an unknown provider, stage or policy */
export function explainReply(options: ExplainReply, io: Io): ExitCode {
  const { explain, json } = options;
  const stage = stageOf(options.stage);
  const provider = options.provider === undefined ? undefined : providerOf(options.provider);
  const from = { host: provider?.mx[0]?.toLowerCase(), domain: provider?.domains[0]?.toLowerCase() };
  const reply = parseRefusal(explain);
  const chosen = chosenBy(options, io.cwd);
  if ('problems' in chosen) {
    printProblems(chosen.problems, '', io.stderr);
    return EXIT.invalidScenario;
  }
  const reading = readingOf(reply, stage, from, chosen);
  if (json) {
    io.stdout.write(`${JSON.stringify(asJson(reading, provider), null, 2)}\n`);
    return EXIT.passed;
  }
  const columns = Math.min(LINE_COLUMNS, Math.max(20, io.stdout.columns()));
  const colors = pc.createColors(io.stdout.color);
  const lines = readingLines(reading, provider, columns);
  for (const [index, line] of lines.entries())
    io.stdout.write(`${index < reading.reply.lines.length ? colors.bold(line) : line}\n`);
  return EXIT.passed;
}

function stageOf(name = 'rcpt'): Stage {
  const stage = STAGES.find((one) => one === name);
  if (stage) return stage;
  throw new BouncelabError('E_USAGE', `there is no stage ${quoted(name)}`, {
    hint: nameHint(name, STAGES, 'stages'),
  });
}

function providerOf(name: string): Profile {
  const profile = shippedProfile(name);
  if (profile) return profile;
  throw new BouncelabError('E_USAGE', `the catalogue has no provider ${quoted(name)}`, {
    hint: nameHint(name, listProfiles(), 'providers'),
  });
}

function readingLines(reading: Reading, provider: Profile | undefined, columns: number): string[] {
  const { reply, stage, enhanced, outcome, cause, liesWith, rule, policies, isShipped } = reading;
  const lines = saidLines(reply).flatMap((line) => wrap(terminalLine(line), columns));
  const place = provider ? `from a server of ${provider.name}` : 'from a server of no known provider';
  const row = (label: string, text: string): void => void lines.push(...labelled(label, text, columns));
  lines.push(...wrap(`at ${stage}, ${place}`, columns), '');
  row('outcome', `${outcome} (the code is ${reply.code})`);
  if (enhanced !== undefined) row('code', `${enhanced} (enhanced status code)`);
  row('cause', cause);
  row('lies with', PARTIES[liesWith]);
  if (rule) {
    row('rule', `${rule.file}, ${'line' in rule ? `line ${rule.line}` : `rule ${rule.number}`}`);
    for (const condition of conditions(rule)) row('', condition);
    if ('why' in rule) row('why', rule.why);
  } else row('rule', 'none of classification/causes.yaml matches');
  lines.push('', isShipped ? 'Under each shipped policy:' : 'Under the policy:');
  const widest = Math.max(...policies.map(({ policy }) => displayWidth(policy)));
  for (const { policy, text } of policies) lines.push(...labelled(policy, text, columns, widest + 4));
  return lines;
}

/** What the reply has that the rule asks for. */
function conditions({ rule, pattern }: NonNullable<Reading['rule']>): string[] {
  const { host, domain, code, enhanced, stage } = rule;
  const asked = Object.entries({ host, domain, code, enhanced, stage }).flatMap(([key, values]) =>
    values ? [`${key}: ${values.join(', ')}`] : [],
  );
  return pattern === undefined ? asked : [...asked, `text: ${pattern}`];
}

/** Where a rule is written: the line of a shipped one with its reason, the number of another. */
function place(rule: NonNullable<Reading['rule']>): object {
  const { file } = rule;
  return 'line' in rule ? { file, line: rule.line, why: rule.why } : { file, number: rule.number };
}

function labelled(label: string, text: string, columns: number, indent = LABEL_COLUMNS): string[] {
  const head = `  ${pad(label, indent - 4)}  `;
  return wrap(terminalLine(text), columns - indent).map((line, index) =>
    index === 0 ? `${head}${line}` : `${' '.repeat(indent)}${line}`,
  );
}

function asJson({ rule, isShipped: _isShipped, ...reading }: Reading, provider: Profile | undefined): object {
  return {
    ...reading,
    provider: provider?.id ?? null,
    rule: rule ? { ...rule.rule, ...place(rule), matched: rule.pattern ?? null } : null,
  };
}
