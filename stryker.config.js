// Mutation testing of the sender, `npm run mutation`: see docs/trust.md.

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  // Policy, queue, delivery, contacts and classification; docs/trust.md says what is left out and why.
  mutate: [
    'src/sender/*.ts',
    '!src/sender/{bulk-sender,create-sender,lifespan,ports}.ts',
    'src/sender/destination/*.ts',
    'src/sender/model/*.ts',
    'src/policy/{cause-rules,cause-schema,classify,retry-policy,schema,shipped-causes,timetable}.ts',
    'src/sender/bounce/{bounces,delivery-status,outcome,reported-address}.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner'],
  coverageAnalysis: 'perTest',
  disableTypeChecks: true,
  // A mutant that never ends is stopped by the count of its turns; this is for what escapes the count.
  timeoutMS: 30_000,
  timeoutFactor: 1.5,
  ignorePatterns: ['dist', 'reports', 'bench', 'coverage'],
  tempDirName: '.stryker-tmp',
  reporters: ['clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  thresholds: { high: 95, low: 90, break: 90 },
  warnings: { slow: false },
};
