// The policies in test/support equal the shipped ones.

import { expect, test } from 'vitest';
import { loadPolicy } from '../../src/policy/policy-file.js';
import { EMMA, FOUR_ATTEMPTS, THIRTY_HOURS } from '../support/policies.js';

test.each([EMMA, FOUR_ATTEMPTS, THIRTY_HOURS])('$name equals its file', (rules) => {
  expect(loadPolicy(rules.name, process.cwd(), process.cwd())).toEqual({ policy: rules });
});
