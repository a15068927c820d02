// The policy and the cause rules of one's own that `replies --explain` is given.

import { resolve } from 'node:path';
import { BouncelabError } from '../../base/errors.js';
import type { Problem } from '../../documents/problems.js';
import { loadCauses } from '../../policy/causes-file.js';
import { loadPolicy, unknownPolicy } from '../../policy/policy-file.js';
import type { Chosen } from './reading.js';

/**
 * Reads the files. The rules of the policy come before those of the file of causes, as in a run.
 *
 * @param policy name of a shipped policy, or a path
 * @param causes path of a file of rules
 * @returns what is wrong with a file, otherwise
 * @throws BouncelabError E_USAGE for an unknown policy
 */
export function chosenBy(
  { policy, causes }: { policy?: string | undefined; causes?: string | undefined },
  cwd: string,
): Chosen | { problems: Problem[] } {
  const chosen: Chosen = { own: [] };
  if (policy !== undefined) {
    const loaded = loadPolicy(policy, cwd, cwd);
    if (!loaded) {
      const { message, hint } = unknownPolicy(policy);
      throw new BouncelabError('E_USAGE', message, { hint });
    }
    if ('problems' in loaded) return loaded;
    chosen.policy = { name: policy, policy: loaded.policy };
    chosen.own.push({ file: policy, rules: loaded.policy.causes ?? [] });
  }
  if (causes !== undefined) {
    const loaded = loadCauses(resolve(cwd, causes), cwd);
    if ('problems' in loaded) return loaded;
    chosen.own.push({ file: causes, rules: loaded.rules });
  }
  return chosen;
}
