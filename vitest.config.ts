import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const unit = 'test/**/*.test.ts';
const database = 'test/**/*.database.test.ts';
const process = 'test/**/*.process.test.ts';
const postgres = 'test/setup/global.ts';
const powershell = 'test/setup/powershell.ts';

/** The files whose series are longer in `npm run test:full`. */
const series = readdirSync(join(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
  .map((path) => join('test', path))
  .filter((path) => path.endsWith('.test.ts'))
  .filter((path) => /\/(setup\/runs|owners)\.ts'/.test(readFileSync(join(import.meta.dirname, path), 'utf8')));

/**
 * What a test file needs stands in its name, and `test/architecture/projects.test.ts` holds it to that. Files share a process where
 * they share nothing else (`isolate: false`): what they import is loaded once.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: availableParallelism(),
    // Generous, because shared machines stall: a test waits for conditions and never measures time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      // Nothing but this process: no database, no other process.
      { extends: true, test: { name: 'unit', isolate: false, include: [unit], exclude: [database, process] } },
      // The run's own PostgreSQL.
      { extends: true, test: { name: 'database', isolate: false, include: [database], globalSetup: [postgres] } },
      // Programs that are started, killed and spoken to: the bot itself, Redis, PowerShell.
      {
        extends: true,
        test: {
          name: 'process',
          include: [process],
          globalSetup: [postgres, powershell],
          // These mostly wait for other programs to start and to end. More workers than the others need a group of their own.
          maxWorkers: Math.ceil(availableParallelism() * 1.5),
          sequence: { groupOrder: 1 },
        },
      },
      // `npm run test:full`: longer series, and second accounts.
      {
        extends: true,
        test: {
          name: 'full',
          include: series,
          globalSetup: [postgres, powershell],
          env: { MISLAID_TEST_FULL: '1' },
        },
      },
    ],
  },
});
