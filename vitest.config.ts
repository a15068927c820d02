import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Some tests start the built command line; a slow machine may need its time.
    testTimeout: 60_000,
  },
});
