/**
 * `npm run restore -- <folder> [--keys <file>]`: puts a backup into a new database, that of DATABASE_URL or of an empty data folder, and
 * makes it one that a bot may run on: docs/operations.md says what follows. Never over a store that is used.
 */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { jobs } from '../jobs/index.ts';
import { appendAudit } from '../src/audit/chain.ts';
import { needsCheckpoint, openSeal } from '../src/audit/checkpoint.ts';
import { restoreFiles } from '../src/backup/data-files.ts';
import { openedKey } from '../src/backup/key-file.ts';
import { readManifest } from '../src/backup/manifest.ts';
import { finishRestore, loadBackup } from '../src/backup/restore-backup.ts';
import { readConfig } from '../src/config.ts';
import { createLabClock } from '../src/exchange/lab/clock.ts';
import { systemClock } from '../src/ground/clock.ts';
import { hostError } from '../src/ground/errors.ts';
import { randomIds } from '../src/ground/ids.ts';
import { forgottenList } from '../src/incidents/retention/forgotten.ts';
import { counted } from '../src/message/words.ts';
import { loadPolicy } from '../src/start/policy.ts';
import { approvals } from '../src/start/registries.ts';
import { separateAuditOwner } from '../src/store/audit-owner.ts';
import { openDatabase } from '../src/store/connect.ts';
import { createStore } from '../src/store/store.ts';
import type { Lane } from '../src/store/work.ts';
import { endWith, openHost, ownDatabase } from './host.ts';

const usage = 'Say: npm run restore -- <folder> [--keys <file>]';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { keys: { type: 'string' } }, allowPositionals: true });
  const [named] = positionals;
  if (named === undefined || positionals.length > 1) throw hostError({ code: 'bad-arguments', message: usage });
  const folder = resolve(named);
  const config = readConfig(process.env);
  const manifest = await readManifest(folder);
  const organisation = config.exchange === 'lab' ? 'lab' : 'real';
  if (manifest.organisation !== organisation) {
    throw hostError({
      code: 'other-organisation',
      message: `The backup is of ${manifest.organisation === 'lab' ? 'the lab' : 'a real Exchange'}, and MISLAID_EXCHANGE names ${config.exchange}. Nothing was restored.`,
    });
  }
  const key =
    values.keys === undefined ? undefined : await openedKey(resolve(values.keys), config.MISLAID_BACKUP_PASSPHRASE);
  // Without a policy nothing could be told to anybody: said before anything is written.
  if (!manifest.files.some(({ file }) => file === 'policy.yaml')) loadPolicy(config);
  const host = openHost();
  const { closing } = host;
  try {
    const data = config.MISLAID_DATA;
    const connection = await ownDatabase(config, host);
    await mkdir(data, { recursive: true, mode: 0o700 });
    // A key that lies here already, or is configured, is this host's word for who signed the backup.
    const before = await readdir(data);
    const oldKeys = config.MISLAID_AUDIT_OLD_KEYS ?? [];
    const known = before.includes(`audit-public-${manifest.key}.pem`) || oldKeys.includes(manifest.key);
    const { db, close } = openDatabase(connection, { poolSize: 3 });
    closing.add('database connections', close);
    await loadBackup({ folder, manifest, connection, db });
    const others = await restoreFiles({ folder, manifest, dataFolder: data, policyFile: config.MISLAID_POLICY });
    if (key !== undefined && !before.includes('audit-key.pem')) {
      await writeFile(join(data, 'audit-key.pem'), key, { mode: 0o600, flag: 'wx' });
      await chmod(join(data, 'audit-key.pem'), 0o600);
    }
    const pem = config.MISLAID_AUDIT_KEY;
    const seal = await openSeal({ folder: data, ...(pem === undefined ? {} : { pem }), oldKeys });
    if (config.DATABASE_URL !== undefined) await separateAuditOwner(db);
    const labClock = organisation === 'lab' ? await createLabClock({ db }) : undefined;
    closing.add('lab clock', () => labClock?.stop());
    const store = createStore({
      db,
      clock: labClock ?? systemClock,
      ids: randomIds,
      laneOf,
      appendAudit,
      sealAfter: needsCheckpoint,
      wake: () => undefined,
    });
    const done = await finishRestore({
      store,
      manifest,
      seal,
      known,
      forgotten: forgottenList(data),
      more: { policy: loadPolicy(config).policy, approvals, organisation, processUser: userInfo().username },
    });
    const lines = [
      `The backup of ${manifest.at} is restored, with ${counted(manifest.chain.size, 'entry', 'entries')} of the audit. What came after it is lost.`,
      `Wipes are locked until two admins unlock them. ${counted(done.voided, 'request')} that waited void; of ${counted(done.wipesRead, 'wipe')} it is read in Exchange whether ${done.wipesRead === 1 ? 'it was' : 'they were'} asked for; ${counted(done.forgotten, 'person', 'people')} forgotten again.`,
      ...(known
        ? []
        : [
            `This host does not know the key that signed it: compare its id, ${manifest.key}, with what the audit channel shows.`,
          ]),
      ...(seal.keyId === manifest.key || oldKeys.includes(manifest.key)
        ? []
        : [
            `The audit has another key now (${seal.keyId}). So that its checkpoints of before count, set MISLAID_AUDIT_OLD_KEYS=${manifest.key}.`,
          ]),
      ...others.map((path) => `${path} was there already and is another one than the backup's: it was kept.`),
      'Start the bot now. Everybody of security and every admin is told.',
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await closing.close();
  }
}

const lanes = new Map<string, Lane>(jobs.map((job) => [job.name, job.lane]));

function laneOf(job: string): Lane {
  return lanes.get(job) ?? 'upkeep';
}

endWith(main, 'It was not restored');
