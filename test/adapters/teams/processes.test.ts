/**
 * Two whole bots on one PostgreSQL and one Redis behind one address of Teams: whichever gets an activity or its re-send, it takes
 * effect once; and one of the two may be killed at any time.
 */
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeTeams, openFakeTeams } from '../../fakes/teams/index.ts';
import { compiled } from '../../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { type TestRedis, testRedis } from '../../setup/redis.ts';
import { type BotFolder, type BotProcess, botFolder, castOf, startBotProcess, teamsPolicy } from './bots.ts';
import { expectOnceEverywhere, incidentCard, lostDeviceSteps, patience, perform, type Scene } from './lost-device.ts';

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
  }, 240_000);
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

  async function start(): Promise<BotProcess> {
    const bot = await startBotProcess({
      script: program.script,
      folder,
      databaseUrl: database.url,
      env: { ...teams.settings, REDIS_URL: redis.url },
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

  it('handles what the killed one had stored, though nobody sends it again and nothing is started again', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    const { hana } = scene.people;
    teams.botAt(one.url);
    const stored = () => database.db.selectFrom('inbox').select('state').execute();
    await database.db.transaction().execute(async (tx) => {
      // Whoever holds the table keeps the command from its effect.
      await sql`lock table incident in access exclusive mode`.execute(tx);
      const saying = teams.say(hana, 'lost device alice.ng', scene.places.helpdesk).catch(() => undefined);
      await vi.waitFor(async () => expect(await stored()).toHaveLength(1), patience);
      await one.kill();
      await saying;
    });
    expect(await stored()).toEqual([{ state: 'stored' }]);
    teams.botAt(other.url);
    await vi.waitFor(() => expect(incidentCard(scene)).toMatch(/Which phone is lost/), patience);
    expect(await database.db.selectFrom('incident').select('number').execute()).toHaveLength(1);
  });
});
