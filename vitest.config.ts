import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/global.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Generous, because shared machines stall: a test waits for conditions and never measures time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
