/**
 * Prints the audit to standard output: `npm run --silent audit:export -- [--format jsonl|ocsf] [--after <entry>]`.
 * Reads the database of DATABASE_URL, or the data folder of a bot that is stopped. Reads only.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { exportJsonLines, exportOcsf } from '../src/audit/export.ts';
import { readConfig } from '../src/config.ts';
import { version } from '../src/start/version.ts';
import { openDatabase } from '../src/store/connect.ts';
import { endWith, openHost, ownDatabase } from './host.ts';

const Options = z.object({
  format: z.enum(['jsonl', 'ocsf']).default('jsonl'),
  after: z.coerce.number().int().nonnegative().optional(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { format: { type: 'string' }, after: { type: 'string' } } });
  const options = Options.parse(values);
  const config = readConfig(process.env);
  const host = openHost();
  const { closing } = host;
  try {
    const connection = await ownDatabase(config, host);
    const { db, close } = openDatabase(connection, { poolSize: 2 });
    closing.add('database connections', close);
    const from = options.after === undefined ? {} : { after: options.after };
    if (options.format === 'jsonl') {
      for await (const line of exportJsonLines(db, from)) await print(line);
    } else {
      for await (const event of exportOcsf(db, { ...from, productVersion: version() }))
        await print(JSON.stringify(event));
    }
  } finally {
    await closing.close();
  }
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

process.stdout.on('error', () => process.exit(1));
endWith(main, 'The audit could not be exported', ({ code }) =>
  code === 'already-running' ? ' Stop the bot first, or say DATABASE_URL.' : '',
);
