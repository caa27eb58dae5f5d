/**
 * `npm run restore-role -- <person> --because <reason>`: gives a person back the roles that they lost because a phone of theirs was reported,
 * where nobody is left who could do so in chat. It is audited under the operating system's user and told everywhere. Uses the database of
 * DATABASE_URL, or the data folder, whether a bot runs on it or not.
 */
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { appendAudit } from '../src/audit/chain.ts';
import { readConfig } from '../src/config.ts';
import { findPeople } from '../src/directory/find.ts';
import { createLabClock } from '../src/exchange/lab/clock.ts';
import { systemClock } from '../src/ground/clock.ts';
import { hostError } from '../src/ground/errors.ts';
import { randomIds } from '../src/ground/ids.ts';
import { restoreFromHost } from '../src/incidents/roles/host-restore.ts';
import { effectivePolicy } from '../src/incidents/roles/policy-changes.ts';
import { namesInList } from '../src/message/words.ts';
import { loadPolicy } from '../src/start/policy.ts';
import { openDatabase } from '../src/store/connect.ts';
import { createStore } from '../src/store/store.ts';
import { anyDatabase, endWith, openHost } from './host.ts';

const usage = 'Say: npm run restore-role -- <name or address> --because "<reason>"';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { because: { type: 'string' } }, allowPositionals: true });
  const name = positionals.join(' ').trim();
  const reason = values.because?.trim() ?? '';
  if (name === '' || reason.length < 3) throw hostError({ code: 'bad-arguments', message: usage });
  const config = readConfig(process.env);
  const host = openHost();
  const { closing, log } = host;
  try {
    const connection = await anyDatabase(config, host);
    const { db, close } = openDatabase(connection, { poolSize: 3 });
    closing.add('database connections', close);
    const organisation = config.exchange === 'lab' ? 'lab' : 'real';
    const labClock =
      organisation === 'lab'
        ? await createLabClock({ db, onError: (error) => log.error({ err: error }, 'lab clock') })
        : undefined;
    if (labClock !== undefined) closing.add('lab clock', () => labClock.stop());
    const store = createStore({
      db,
      clock: labClock ?? systemClock,
      ids: randomIds,
      laneOf: () => 'upkeep',
      appendAudit,
      wake: () => undefined,
    });
    const found = await findPeople(db, organisation, name);
    if (found.kind !== 'one') {
      const near = found.kind === 'many' ? found.people : found.near;
      const meant = near.slice(0, 5).map(({ displayName, primarySmtp }) => `${displayName} (${primarySmtp})`);
      const who = meant.length === 0 ? '' : ` Do you mean ${namesInList(meant, 'or')}?`;
      throw hostError({
        code: 'no-such-person',
        message: `${found.kind === 'many' ? 'Several people are' : 'The directory knows nobody'} called ${name}.${who}`,
      });
    }
    const { person } = found;
    const policy = await effectivePolicy(
      store,
      loadPolicy(config).policy,
      organisation,
      (labClock ?? systemClock).now(),
    );
    const processUser = userInfo().username;
    const incidents = await store.change((change) => restoreFromHost(change, policy, { person, processUser, reason }));
    const said =
      incidents.length === 0
        ? `Nothing suspends ${person.displayName}.`
        : `${person.displayName} holds all roles again. It is audited under ${processUser}, and everybody is told as soon as the bot runs.`;
    process.stdout.write(`${said}\n`);
  } finally {
    await closing.close();
  }
}

endWith(main, 'It did not work');
