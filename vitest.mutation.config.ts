// What `npm run mutation` plays against each mutant of the sender: tests that run in this thread, the
// quick ones first, since the first that fails decides.

import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole runs come after the tests of one function; those of drawn examples take the longest. */
const SLOW = [
  /(rules-(?!returned)\w+|automation|connections|hosts)\.test/,
  /bounce\//,
  /\.mutation\./,
  /(crash|rules-returned|oracle)\.test/,
];

class QuickFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => SLOW.findIndex((slow) => slow.test(moduleId));
    return Promise.resolve(
      [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1)),
    );
  }
}

export default defineConfig({
  test: {
    include: [
      'test/sender/**/*.test.ts',
      'test/oracle/*.test.ts',
      'test/policy/*.test.ts',
      'test/{results/contacts-file,scenarios/json-schema}.test.ts',
      'test/mutation/*.mutation.ts',
    ],
    // What is said on the wire and what a file of the store holds is no part of what is mutated.
    exclude: [
      'test/sender/{compose,create-sender,dialogue,dialogue-replies,message,reply,store,system-ports}.test.ts',
      'test/sender/bounce/{intake,return-path}.test.ts',
    ],
    setupFiles: ['test/mutation/setup.ts'],
    // One worker with one set of modules for all files: a mutant costs one start, not thirty.
    isolate: false,
    sequence: { sequencer: QuickFirst },
    // Only what has lost its way takes this long, also on a machine that has other things to do.
    testTimeout: 30_000,
  },
});
