/**
 * `npm run dev`: the bot on the lab, started again whenever a source file was saved. The database belongs to the loop and outlives
 * each bot, so that what was typed and decided is there after a restart. Ctrl-C ends everything in order.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config.ts';
import { createClosing } from '../../src/ground/closing.ts';
import { MislaidError } from '../../src/ground/errors.ts';
import { urlOf } from '../../src/store/connect.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { openBot } from './bot.ts';
import { checkEverything, openChecker } from './check.ts';
import { compile } from './compile.ts';
import { createLoop } from './loop.ts';
import { type Changes, watchSources } from './sources.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
/** What a bot was doing when it was killed ends with it: the next one must not wait for it. */
const settings = { client_connection_check_interval: '100ms' };
const log = { info: () => {}, warn: told, error: told };

function told(about: unknown, text?: string): void {
  console.error(`dev: ${text ?? String(about)}`);
}

/** Without policies, which are read when the bot starts. */
function sourcesOf({ changed, removed }: Changes): Changes {
  const isSource = (path: string) => path.endsWith('.ts');
  return { changed: changed.filter(isSource), removed: removed.filter(isSource) };
}

async function main(): Promise<number> {
  const closing = createClosing((name, error) => told(`${name} could not be closed in order: ${String(error)}`));
  let interrupted = false;
  let interrupt = (): void => {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted = true;
      interrupt();
    });
  }
  try {
    const config = readConfig(process.env);
    // From Node 22 on, what was compiled by the engine once is taken from there.
    const env: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: join(top, '.dev/engine'), ...process.env };
    if (config.DATABASE_URL === undefined) {
      const postgres = await startEmbeddedPostgres({ dataFolder: config.MISLAID_DATA, log, settings });
      closing.add('PostgreSQL', () => postgres.stop());
      env.DATABASE_URL = urlOf(postgres.connection);
    }
    if (interrupted) return 0;
    const checker = openChecker(top);
    closing.add('types', async () => (await checker).close());
    const loop = createLoop({
      openBot: () => openBot({ top, env, args: ['--resume', ...process.argv.slice(2)] }),
      problemsIn: async (changes) => (await checker).problemsIn(sourcesOf(changes)),
      compile: (changes) => compile(top, sourcesOf(changes)),
      checkEverything: (tell) => checkEverything(top, tell),
      now: () => performance.now(),
    });
    closing.add('bot', () => loop.stop());
    closing.add(
      'sources',
      watchSources({ top, beside: [config.MISLAID_POLICY, 'policy.example.yaml'], onChange: loop.changed }),
    );
    interrupt = () => void closing.close();
    if (interrupted) return 0;
    return await loop.ended;
  } catch (error) {
    told(error instanceof MislaidError ? error.message : error);
    return 1;
  } finally {
    await closing.close();
  }
}

process.exit(await main());
