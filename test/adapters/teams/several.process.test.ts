/**
 * Two whole bots on one PostgreSQL and one Redis behind one address of Teams: whichever gets an activity or its re-send, it takes
 * effect once; and one of the two may be killed at any time.
 */
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeTeams, openFakeTeams } from '../../fakes/teams/index.ts';
import { type BotFolder, type BotProcess, botFolder, startBotProcess } from '../../setup/bot-process.ts';
import { compiled } from '../../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { eventually } from '../../setup/eventually.ts';
import { perform } from '../../setup/lab-flow.ts';
import { type TestRedis, testRedis } from '../../setup/redis.ts';
import { isFull } from '../../setup/runs.ts';
import { castOf, teamsPolicy } from './cast.ts';
import { expectOnceEverywhere, incidentCard, lostDeviceSteps, type Scene } from './lost-device.ts';

/** Where most is at stake; the suite of the flow kills its one process at every step. */
const killedAt = ['Hana proposes a wipe', 'Otto approves his own copy'];

describe('two processes behind one address of Teams', { timeout: 1_200_000 }, () => {
  let program: Awaited<ReturnType<typeof compiled>>;
  let redis: TestRedis;
  let database: TestDatabase;
  let teams: FakeTeams;
  let scene: Scene;
  let folder: BotFolder;
  let bots: BotProcess[];

  beforeAll(async () => {
    program = await compiled('src/main.ts');
  });
  afterAll(() => program.remove());

  beforeEach(async () => {
    redis = await testRedis();
    database = await testDatabase();
    teams = await openFakeTeams();
    teams.looksByItself = true;
    const cast = castOf(teams);
    scene = { teams, ...cast, db: database.db };
    folder = botFolder(teamsPolicy(cast));
    bots = [];
  });
  afterEach(async () => {
    for (const bot of bots) await bot.kill();
    await teams.close();
    await database.close();
    await redis.close();
    folder.remove();
  });

  /** The chat alone; Exchange is asked by a worker, whose deaths in the middle of a call are the fault runs' matter. */
  async function start(role: 'all' | 'bot' | 'worker' = 'all'): Promise<BotProcess> {
    const bot = await startBotProcess({
      script: program.script,
      folder,
      databaseUrl: database.url,
      env: { ...teams.settings, REDIS_URL: redis.url, MISLAID_ROLE: role },
    });
    bots.push(bot);
    return bot;
  }

  it('takes each activity and click once, however often and under whatever id both get it', async () => {
    let [one, other] = await Promise.all([start(), start()]);
    for (const step of lostDeviceSteps(scene)) {
      teams.botAt(one.url, other.url);
      teams.copies = [
        { to: other.url, newId: false },
        { to: other.url, newId: true },
        { to: one.url, newId: true },
      ];
      await perform(step, async () => undefined);
      [one, other] = [other, one];
    }
    await expectOnceEverywhere(scene);
  });

  it.runIf(isFull)(
    'loses and doubles nothing when the one that took the activity is killed in the middle',
    async () => {
      let [one, other] = await Promise.all([start('bot'), start('bot'), start('worker')]);
      for (const step of lostDeviceSteps(scene)) {
        teams.botAt(one.url, other.url);
        await perform(step, async () => {
          if (!killedAt.includes(step.name)) return;
          await one.kill();
          teams.botAt(other.url);
          // Its answer may have been lost with it: Teams sends the activity again, now and then under another id.
          await teams.sendAgain();
          await teams.sendAgain({ newId: true });
          [one, other] = [other, await start('bot')];
        });
      }
      await expectOnceEverywhere(scene);
    },
  );

  it('handles what the killed one had stored, though nobody sends it again and nothing is started again', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    const { hana } = scene.people;
    teams.botAt(one.url);
    const inbox = () => database.db.selectFrom('inbox').select('state').execute();
    await database.db.transaction().execute(async (tx) => {
      // Whoever holds the table keeps the command from its effect.
      await sql`lock table incident in access exclusive mode`.execute(tx);
      // Answered as soon as it is stored; what could not be stored in time is said again.
      await eventually(async () => {
        await teams.say(hana, 'lost device alice.ng', scene.places.helpdesk);
        expect(await inbox()).toContainEqual({ state: 'stored' });
      });
      await one.kill();
      // The other may handle it in the moment in which the table is free.
      expect(await inbox()).toContainEqual({ state: 'stored' });
    });
    teams.botAt(other.url);
    // It is found at the second of two looks, ten seconds apart, and then its facts are read.
    await eventually(() => expect(incidentCard(scene)).toMatch(/Which phone is lost/), { timeout: 120_000 });
    expect(await database.db.selectFrom('incident').select('number').execute()).toHaveLength(1);
  });
});
