// Loads profiles: shipped ones by name and other files by path, with the same checks. Replies of the
// catalogue are looked up here by name, `PROVIDER/REPLY`.

import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { shippedPath } from '../../base/package-root.js';
import { BouncelabError } from '../../base/errors.js';
import type { Cause, Reply, Stage } from '../../events/types.js';
import { isDomain } from '../../base/domain-names.js';
import { profileSchema, type ProfileInput } from '../../simulator/profile-schema.js';
import type { ProfilePlan, WordPlan } from '../../simulator/plan.js';
import { arrangeProblems, listed, nameHint, quoted, type Problem } from '../../documents/problems.js';
import { Reader } from '../../documents/reader.js';
import { displayPath, readSource } from '../../documents/source-file.js';
import { notAMapping, parseYaml, wholeFileProblem } from '../../documents/yaml-file.js';

const SHIPPED = shippedPath('profiles/');

/** A profile with the name by which scenarios refer to it. */
export type Profile = ProfileInput & { id: string };

type ProfileResult = { profile: Profile } | { problems: Problem[] };

/** One reply of the catalogue. */
export interface CatalogueReply {
  /** `PROVIDER/REPLY`. */
  name: string;
  cause: Cause;
  stage: Stage | undefined;
  /** Whether a source documents the stage. */
  isStageDocumented: boolean;
  /** With placeholders. */
  reply: Reply;
  note: string | undefined;
  source: ProfileInput['sources'][number];
}

const loaded = new Map<string, ProfileResult>();

let names: readonly string[] | undefined;

/** Names of the shipped profiles, sorted. */
export function listProfiles(): readonly string[] {
  return (names ??= readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort());
}

/**
 * Loads a profile.
 *
 * @param name of a shipped profile; or a path, which has a slash or ends in .yaml or .yml
 * @param from folder to which `name` is relative when it is a path
 * @param cwd folder to which paths in messages are relative
 * @returns undefined when there is no such name or file
 */
export function loadProfile(name: string, from: string, cwd: string): ProfileResult | undefined {
  if (!isPath(name)) return listProfiles().includes(name) ? shipped(name) : undefined;
  const path = resolve(from, name);
  if ('absent' in readSource(path)) return undefined;
  return read(path, cwd, name.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/i, ''));
}

/** Message and hint for a name without a profile. */
export function unknownProfile(name: string): { message: string; hint: string } {
  return isPath(name)
    ? { message: `there is no profile file ${quoted(name)}`, hint: 'the path is relative to the scenario' }
    : {
        message: `unknown profile ${quoted(name)}`,
        hint: `${nameHint(name, listProfiles(), 'shipped profiles')}; a file is given by its path, such as ./mine.yaml`,
      };
}

/** @throws BouncelabError E_HARNESS when a shipped profile is invalid */
export function shippedProfile(name: string): Profile | undefined {
  const result = listProfiles().includes(name) ? shipped(name) : undefined;
  return result && 'profile' in result ? result.profile : undefined;
}

/** Every reply of a profile, in the order of its file. */
export function repliesOf({ id, replies, sources }: Profile): CatalogueReply[] {
  return Object.entries(replies).map(
    ([key, { class: cause, stage, stageEvidence, code, enhanced, text, ...more }]) => ({
      name: `${id}/${key}`,
      cause,
      stage,
      isStageDocumented: stageEvidence === 'documented',
      reply: { code, ...(enhanced === undefined ? {} : { enhanced }), lines: text },
      note: more.note,
      source: sources[more.source]!,
    }),
  );
}

/**
 * A reply of the catalogue by its name, `PROVIDER/REPLY`.
 *
 * @returns the reply, or message and hint for an unknown name
 */
export function findReply(name: string): CatalogueReply | { message: string; hint: string } {
  const [provider = '', key = ''] = name.split('/');
  const profile = shippedProfile(provider);
  if (!profile) {
    const hint = `${nameHint(provider, listProfiles(), 'providers')}; \`bouncelab replies\` shows them all`;
    return { message: `the catalogue has no provider ${quoted(provider)}`, hint };
  }
  const found = repliesOf(profile).find((reply) => reply.name === name);
  if (found) return found;
  const keys = Object.keys(profile.replies);
  const hint = `${nameHint(key, keys, `replies of ${provider}`)}; \`bouncelab replies ${provider}\` shows them all`;
  return { message: `${provider} has no reply ${quoted(key)} in the catalogue`, hint };
}

/** The part of a profile that its servers need: preferred replies first, then those whose stage is documented. */
export function profilePlan(profile: Profile): ProfilePlan {
  const replies = repliesOf(profile);
  const rank = ({ name, isStageDocumented }: CatalogueReply): number =>
    profile.prefer.includes(name.slice(profile.id.length + 1)) ? 0 : isStageDocumented ? 1 : 2;
  const word = ({ cause, stage, reply }: CatalogueReply): WordPlan => ({ cause, stage, reply });
  const { id, banner, ehlo } = profile;
  // A name with placeholders depends on the customer's domain.
  const mx = profile.mx.find(isDomain);
  return {
    name: id,
    ...(mx === undefined ? {} : { mx: mx.toLowerCase() }),
    ...(banner ? { banner } : {}),
    ...(ehlo ? { ehlo } : {}),
    words: [...replies].sort((a, b) => rank(a) - rank(b)).map(word),
  };
}

function shipped(name: string): ProfileResult {
  let result = loaded.get(name);
  if (!result) {
    result = read(resolve(SHIPPED, `${name}.yaml`), SHIPPED, name);
    if ('problems' in result) {
      const [problem] = result.problems;
      throw new BouncelabError('E_HARNESS', `the shipped profile ${name} is invalid: ${problem!.message}`, {
        location: problem!.location,
      });
    }
    loaded.set(name, result);
  }
  return result;
}

function read(path: string, cwd: string, id: string): ProfileResult {
  const file = displayPath(path, cwd);
  const source = readSource(path);
  if ('message' in source) return { problems: [wholeFileProblem(file, source)] };
  const yaml = parseYaml(file, source.text);
  const reader = new Reader(yaml);
  const wrong = notAMapping(yaml, 'profile');
  const input = wrong ? undefined : reader.reading(() => reader.read(profileSchema, []));
  if (input) reader.reading(() => checkReferences(reader, input));
  const found = wrong && yaml.problems.length === 0 ? [wrong] : reader.problems;
  const problems = [...yaml.problems, ...found];
  if (input && problems.length === 0) return { profile: { ...input, id } };
  return { problems: arrangeProblems(problems).map((problem) => ({ ...problem, source: source.text })) };
}

function checkReferences(
  reader: Reader,
  { sources, replies, limits, prefer, domainsFrom = [] }: ProfileInput,
): void {
  const check = (source: number, path: (string | number)[]): void => {
    if (source < sources.length) return;
    reader.problem(path, `there is no source ${source}`, {
      hint: `sources are counted from 0; this profile has ${listed(sources.map((_, index) => String(index)))}`,
    });
  };
  for (const [key, { source }] of Object.entries(replies)) check(source, ['replies', key, 'source']);
  if (limits) check(limits.source, ['limits', 'source']);
  for (const [index, source] of domainsFrom.entries()) check(source, ['domainsFrom', index]);
  for (const [index, key] of prefer.entries()) {
    if (key in replies) continue;
    const hint = nameHint(key, Object.keys(replies), 'replies of this profile');
    reader.problem(['prefer', index], `there is no reply ${quoted(key)}`, { hint });
  }
}

function isPath(name: string): boolean {
  return /[\\/]/.test(name) || /\.ya?ml$/i.test(name);
}
