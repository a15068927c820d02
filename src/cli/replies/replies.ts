// `bouncelab replies`: prints the catalogue of SMTP replies of real providers, with their sources.

import pc from 'picocolors';
import { CAUSES, STAGES } from '../../events/types.js';
import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { plural } from '../../reporters/figures.js';
import { displayWidth, pad, truncate, wrap } from '../../reporters/terminal/layout.js';
import { terminalLine } from '../../reporters/text.js';
import { saidLines } from '../../events/reply-text.js';
import {
  listProfiles,
  repliesOf,
  shippedProfile,
  type CatalogueReply,
  type Profile,
} from '../../scenarios/fleet/profile-file.js';
import { nameHint, quoted } from '../../documents/problems.js';
import type { Io } from '../io.js';
import { explainReply } from './explain-reply.js';

export interface RepliesCommand {
  class?: string;
  stage?: string;
  explain?: string;
  provider?: string;
  policy?: string;
  causes?: string;
  json: boolean;
}

/** @throws BouncelabError E_USAGE for an unknown provider, class or stage, E_NOT_FOUND when no reply matches */
export function replies(provider: string | undefined, options: RepliesCommand, io: Io): ExitCode {
  if (options.explain !== undefined) return explained(provider, options, options.explain, io);
  if (options.provider !== undefined) {
    throw new BouncelabError('E_USAGE', '`--provider` says whose reply `--explain` explains', {
      hint: `\`bouncelab replies ${options.provider}\` shows the replies of a provider`,
    });
  }
  for (const [option, name] of Object.entries({ policy: options.policy, causes: options.causes })) {
    if (name === undefined) continue;
    throw new BouncelabError('E_USAGE', `\`--${option}\` goes with \`--explain\` only`, {
      hint: `\`bouncelab validate ${name}\` checks the file`,
    });
  }
  check(provider, listProfiles(), 'provider', 'providers');
  check(options.class, CAUSES, 'class', 'classes');
  check(options.stage, STAGES, 'stage', 'stages');
  const profiles = (provider === undefined ? listProfiles() : [provider]).map((name) =>
    shippedProfile(name)!,
  );
  const isAsked = provider !== undefined || options.class !== undefined || options.stage !== undefined;
  const chosen = profiles.map((profile) => ({
    profile,
    found: repliesOf(profile).filter((reply) => matches(reply, options)),
  }));
  if (options.json)
    io.stdout.write(
      `${JSON.stringify(
        chosen.flatMap(({ profile, found }) => asJson(profile, found)),
        null,
        2,
      )}\n`,
    );
  else if (!isAsked) overview(profiles, io);
  else details(chosen, io);
  if (isAsked && !options.json && chosen.every(({ found }) => found.length === 0))
    throw new BouncelabError('E_NOT_FOUND', 'the catalogue has no such reply', {
      hint: '`bouncelab replies` lists the providers',
    });
  return EXIT.passed;
}

function explained(named: string | undefined, options: RepliesCommand, explain: string, io: Io): ExitCode {
  const { class: cause, provider = named, stage, policy, causes, json } = options;
  if (cause !== undefined) {
    throw new BouncelabError(
      'E_USAGE',
      '`--class` does not go with `--explain`, which finds the class itself',
      {
        hint: 'leave one of them out',
      },
    );
  }
  if (named !== undefined && provider !== named) {
    throw new BouncelabError(
      'E_USAGE',
      `there are two providers, ${quoted(named)} and ${quoted(provider!)}`,
      {
        hint: 'name one',
      },
    );
  }
  return explainReply({ explain, provider, stage, policy, causes, json }, io);
}

function check(name: string | undefined, known: readonly string[], what: string, these: string): void {
  if (name === undefined || known.includes(name)) return;
  throw new BouncelabError('E_USAGE', `the catalogue has no ${what} ${quoted(name)}`, {
    hint: nameHint(name, known, these),
  });
}

function matches({ cause, stage }: CatalogueReply, options: RepliesCommand): boolean {
  return (
    (options.class === undefined || options.class === cause) &&
    (options.stage === undefined || options.stage === stage)
  );
}

function asJson({ id, name: providerName }: Profile, found: readonly CatalogueReply[]): object[] {
  return found.map(({ name, cause, stage, isStageDocumented, reply, note, source }) => ({
    name,
    provider: id,
    providerName,
    class: cause,
    stage: stage ?? null,
    stageEvidence: stage === undefined ? null : isStageDocumented ? 'documented' : 'inferred',
    ...reply,
    ...(note === undefined ? {} : { note }),
    source,
  }));
}

/** One line per provider. */
function overview(profiles: readonly Profile[], io: Io): void {
  const { stdout } = io;
  const colors = pc.createColors(stdout.color);
  const columns = stdout.isTTY ? Math.max(20, stdout.columns()) : Infinity;
  const widest = Math.max(...profiles.map(({ id }) => displayWidth(id)));
  for (const profile of profiles) {
    const count = String(Object.keys(profile.replies).length).padStart(4);
    const text = truncate(terminalLine(profile.name), columns - widest - 7);
    stdout.write(`${pad(profile.id, widest)} ${colors.dim(count)}  ${text}\n`);
  }
  const total = profiles.reduce((sum, { replies: { ...all } }) => sum + Object.keys(all).length, 0);
  for (const line of wrap(
    `${plural(total, 'reply').replace('replys', 'replies')} of ${plural(profiles.length, 'provider')}; \`bouncelab replies PROVIDER\` shows them`,
    Math.min(columns, 100),
  ))
    stdout.write(`${line}\n`);
}

function details(chosen: readonly { profile: Profile; found: readonly CatalogueReply[] }[], io: Io): void {
  const { stdout } = io;
  const colors = pc.createColors(stdout.color);
  const columns = Math.max(20, stdout.columns());
  const write = (text: string, indent: number, paint: (line: string) => string = (line) => line): void => {
    for (const line of wrap(terminalLine(text), columns - indent))
      stdout.write(`${' '.repeat(indent)}${paint(line)}\n`);
  };
  for (const { profile, found } of chosen) {
    if (found.length === 0) continue;
    write(`${profile.name} (${profile.id})`, 0, colors.bold);
    if (profile.note !== undefined) write(profile.note, 2, colors.dim);
    for (const line of facts(profile)) write(line, 2, colors.dim);
    for (const reply of found) {
      stdout.write('\n');
      write(`${reply.name}  ${placeOf(reply)}`, 2, colors.cyan);
      for (const line of saidLines(reply.reply)) write(line, 4);
      if (reply.note !== undefined) write(reply.note, 4, colors.dim);
      write(`source: ${sourceText(reply)}`, 4, colors.dim);
    }
    stdout.write('\n');
  }
}

function facts({ domains, mx, banner, ehlo, limits }: Profile): string[] {
  return [
    ...(domains.length > 0 ? [`domains: ${domains.join(', ')}`] : []),
    ...(mx.length > 0 ? [`MX: ${mx.join(', ')}`] : []),
    ...(banner ? [`greets: ${banner.join(' / ')}`] : []),
    ...(ehlo ? [`EHLO: ${ehlo.join(', ')}`] : []),
    ...(limits?.messagesPerConnection === undefined
      ? []
      : [`limit: ${limits.messagesPerConnection} messages a connection`]),
    ...(limits?.connections === undefined ? [] : [`limit: ${limits.connections} connections`]),
  ];
}

function placeOf({ stage, isStageDocumented }: CatalogueReply): string {
  if (stage === undefined) return 'at an unknown stage';
  return `at ${stage}${isStageDocumented ? '' : ' (inferred)'}`;
}

function sourceText({ source: { title, url, repo, path, commit, note } }: CatalogueReply): string {
  const place =
    url ?? (repo === undefined ? note : `${repo} ${path ?? ''} ${commit?.slice(0, 12) ?? ''}`.trim());
  return place === undefined ? title : `${title}, ${place}`;
}
