// The policies that the tests of the engine use are those that ship.

import { expect, test } from 'vitest';
import { loadPolicy } from '../../src/policy/policy-file.js';
import { EMMA, FOUR_ATTEMPTS, THIRTY_HOURS } from '../support/policies.js';

test.each([EMMA, FOUR_ATTEMPTS, THIRTY_HOURS])('$name is what its file says', (rules) => {
  expect(loadPolicy(rules.name, process.cwd(), process.cwd())).toEqual({ policy: rules });
});
