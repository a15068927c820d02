// What `npm run check:unused` looks at: files that no entry reaches, exports that no other file imports,
// and dependencies that no file uses. A test that imports an export uses it.

/** @type {import('knip').KnipConfig} */
export default {
  entry: [
    'src/index.ts',
    'src/testing/vitest/index.ts',
    'src/cli/main.ts',
    // Loaded by their URL in dist/: the entries of worker threads and processes, and the jobs that they run.
    'src/runner/executors/{threads,processes}/entry.ts',
    'src/**/*-job.ts',
    'src/web/report/{main,comparison}.ts',
    'bench/**/*.{mjs,ts}',
    'scripts/*.mjs',
    'examples/*.{js,ts}',
    'examples/*/*.mjs',
    'test/**/*.test.ts',
    'test/mutation/*.ts',
    'test/**/fixtures/*.mjs',
  ],
  project: ['{src,test,bench,scripts,examples}/**/*.{ts,js,mjs}'],
  ignoreDependencies: [
    // Read as a file and put into a page.
    'axe-core',
    // A type in a comment of stryker.config.js; @stryker-mutator/core brings it.
    '@stryker-mutator/api',
    // Loaded by `require` when it is first needed.
    'jschardet',
  ],
  // Programs of the operating system.
  ignoreBinaries: ['mkfifo', 'unshare'],
};
