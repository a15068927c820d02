// The profile that a domain of the fleet names.

import type { ProfilePlan } from '../../simulator/plan.js';
import type { Path } from '../../documents/locate.js';
import { loadProfile, profilePlan, unknownProfile } from './profile-file.js';
import type { Reader } from '../../documents/reader.js';
import { domainSchema } from '../schema/scenario.js';

/** Folders from which the paths in a scenario are meant. */
export interface Folders {
  /** That of the scenario. */
  scenario: string;
  /** The working directory, to which messages are relative. */
  cwd: string;
}

/** @returns undefined without a profile; also, and problems, when it is not there or wrong */
export function readProfile(reader: Reader, path: Path, { scenario, cwd }: Folders): ProfilePlan | undefined {
  if (reader.get(path) === undefined) return undefined;
  const name = reader.read(domainSchema.shape.profile, path);
  if (name === undefined) return undefined;
  const result = loadProfile(name, scenario, cwd);
  if (result && 'profile' in result) return profilePlan(result.profile);
  if (result) for (const problem of result.problems) reader.foreign(problem);
  else {
    const { message, hint } = unknownProfile(name);
    reader.shape(path, message, { hint });
  }
  return undefined;
}
