// Reads `profile` of a domain: the profile whose reply texts, stages and greeting its servers use.

import type { ProfilePlan } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { loadProfile, profilePlan, unknownProfile, type Profile } from './profile-file.js';
import type { Reader } from '../../documents/reader.js';
import { domainSchema } from '../schema/fleet.js';

/** Folders to which paths are relative. */
export interface Folders {
  /** Folder of the scenario, for paths in it. */
  scenario: string;
  /** The working directory, for paths in messages. */
  cwd: string;
}

/** @returns undefined without a profile, and also, with problems, when it is missing or invalid */
export function readProfile(reader: Reader, path: Path, folders: Folders): ProfilePlan | undefined {
  const profile = readWholeProfile(reader, path, folders);
  return profile && profilePlan(profile);
}

/** As `readProfile`, with the domains and hosts of the provider. */
export function readWholeProfile(
  reader: Reader,
  path: Path,
  { scenario, cwd }: Folders,
): Profile | undefined {
  if (reader.get(path) === undefined) return undefined;
  const name = reader.read(domainSchema.shape.profile, path);
  if (name === undefined) return undefined;
  const result = loadProfile(name, scenario, cwd);
  if (result && 'profile' in result) return result.profile;
  if (result) for (const problem of result.problems) reader.foreign(problem);
  else {
    const { message, hint } = unknownProfile(name);
    reader.shape(path, message, { hint });
  }
  return undefined;
}
