import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const database = 'test/**/*.database.test.ts';
const process = 'test/**/*.process.test.ts';

/** What a test file needs stands in its name, and `test/architecture/projects.test.ts` holds it to that. */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: availableParallelism(),
    // Generous, because shared machines stall: a test waits for conditions and never measures time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      // Nothing but this process: no database, no other process.
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [database, process] } },
      // The run's own PostgreSQL.
      { extends: true, test: { name: 'database', include: [database], globalSetup: ['test/setup/global.ts'] } },
      // Programs that are started, killed and spoken to: the bot itself, Redis, PowerShell.
      {
        extends: true,
        test: {
          name: 'process',
          include: [process],
          globalSetup: ['test/setup/global.ts', 'test/setup/powershell.ts'],
        },
      },
    ],
  },
});
