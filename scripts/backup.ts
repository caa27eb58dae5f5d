/**
 * `npm run backup -- <folder> [--with-keys <file>]`: writes all that the bot knows at one instant into a new folder, whether a bot runs
 * or not. Uses the database of DATABASE_URL, or the data folder. The audit's private key goes, encrypted, into a file of its own.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { appendAudit } from '../src/audit/chain.ts';
import { openSeal } from '../src/audit/checkpoint.ts';
import { sealedKey } from '../src/backup/key-file.ts';
import { makeBackup } from '../src/backup/make-backup.ts';
import { readConfig } from '../src/config.ts';
import { createLabClock } from '../src/exchange/lab/clock.ts';
import { canonicalHash } from '../src/ground/canonical.ts';
import { systemClock } from '../src/ground/clock.ts';
import { hostError } from '../src/ground/errors.ts';
import { version } from '../src/start/version.ts';
import { openDatabase } from '../src/store/connect.ts';
import { anyDatabase, endWith, openHost } from './host.ts';

const usage = 'Say: npm run backup -- <folder> [--with-keys <file>]';

async function main(): Promise<void> {
  const { folder, keysTo } = readArguments();
  const config = readConfig(process.env);
  const host = openHost();
  const { closing } = host;
  try {
    const pem = config.MISLAID_AUDIT_KEY;
    const seal = await openSeal({
      folder: config.MISLAID_DATA,
      ...(pem === undefined ? {} : { pem }),
      oldKeys: config.MISLAID_AUDIT_OLD_KEYS ?? [],
    });
    // Before anything is written: without a passphrase nothing of what was asked for is done.
    const key =
      keysTo === undefined
        ? undefined
        : await sealedKey(
            pem ?? (await readFile(join(config.MISLAID_DATA, 'audit-key.pem'), 'utf8')),
            config.MISLAID_BACKUP_PASSPHRASE,
          );
    const connection = await anyDatabase(config, host);
    const { db, close } = openDatabase(connection, { poolSize: 2 });
    closing.add('database connections', close);
    const labClock = config.exchange === 'lab' ? await createLabClock({ db }) : undefined;
    closing.add('lab clock', () => labClock?.stop());
    const clock = labClock ?? systemClock;
    const manifest = await makeBackup({
      folder,
      connection,
      seal,
      clock,
      organisation: config.exchange === 'lab' ? 'lab' : 'real',
      version: version(),
      dataFolder: config.MISLAID_DATA,
      policyFile: config.MISLAID_POLICY,
    });
    if (keysTo !== undefined && key !== undefined) await writeFile(keysTo, key, { mode: 0o600, flag: 'wx' });
    await db.transaction().execute((tx) =>
      appendAudit(tx, clock.now(), [
        {
          action: 'backup.made',
          subject: 'backup',
          data: {
            at: manifest.at,
            entries: manifest.chain.size,
            manifest: canonicalHash(manifest),
            key: keysTo !== undefined,
          },
        },
      ]),
    );
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    process.stdout.write(
      `${folder} holds ${rows} rows of ${manifest.tables.length} tables as of ${manifest.at}, with the audit up to entry ${manifest.chain.size}.${keysTo === undefined ? " The audit's private key is not in it." : ` The audit's private key lies in ${keysTo}, encrypted: keep it elsewhere.`}\n`,
    );
  } finally {
    await closing.close();
  }
}

function readArguments(): { folder: string; keysTo?: string } {
  const { values, positionals } = parseArgs({ options: { 'with-keys': { type: 'string' } }, allowPositionals: true });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw hostError({ code: 'bad-arguments', message: usage });
  const keysTo = values['with-keys'];
  if (keysTo === undefined) return { folder: resolve(folder) };
  if (!relative(resolve(folder), resolve(keysTo)).startsWith('..')) {
    throw hostError({
      code: 'bad-arguments',
      message: 'The private key is kept apart from the backup: name a file outside its folder.',
    });
  }
  return { folder: resolve(folder), keysTo: resolve(keysTo) };
}

endWith(main, 'The backup was not made');
