// The table of causes is made once and then serves every test of a worker. Made here, what makes it is held
// against all of them, and not only against the one that happens to need it first.

import { beforeEach } from 'vitest';
import { shippedCauses } from '../../src/policy/shipped-causes.js';

let failure: unknown;
try {
  shippedCauses();
} catch (error) {
  failure = error;
}

// A table that cannot be made fails the tests: an error out here would only keep them from being run.
beforeEach(() => {
  if (failure) throw failure as Error;
});
