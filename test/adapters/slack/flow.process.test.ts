/**
 * From `/mislaid lost device alice` to the acknowledged wipe, by three people, over signed requests to a whole bot: killed as
 * soon as each step is acknowledged, and with two processes that get every other request.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventsPath } from '../../../adapters/slack/receivers.ts';
import { type FakeSlack, openFakeSlack } from '../../fakes/slack/index.ts';
import { type BotFolder, type BotProcess, botFolder } from '../../setup/bot-process.ts';
import { compiled } from '../../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { eventually } from '../../setup/eventually.ts';
import { killOutsideOfACall, labUntil, perform, type Step } from '../../setup/lab-flow.ts';
import { testRedis } from '../../setup/redis.ts';
import { runs } from '../../setup/runs.ts';
import { channels, slackPolicy, startSlackBot, users } from './bots.ts';

describe('the lost-device flow in Slack', { timeout: 1_200_000 }, () => {
  let program: Awaited<ReturnType<typeof compiled>>;
  let slack: FakeSlack;
  let database: TestDatabase;
  let folder: BotFolder;
  let bots: BotProcess[];

  beforeAll(async () => {
    program = await compiled('src/main.ts');
  });
  afterAll(() => program.remove());

  beforeEach(async () => {
    slack = await openFakeSlack({
      users: [
        { id: users.hana, name: 'Hana', email: 'hana@contoso.example' },
        { id: users.otto, name: 'Otto', email: 'otto@contoso.example' },
        { id: users.ada, name: 'Ada', email: 'ada@contoso.example' },
        { id: users.sasha, name: 'Sasha', email: 'sasha@contoso.example' },
      ],
      channels: Object.values(channels),
    });
    database = await testDatabase();
    folder = botFolder(slackPolicy());
    bots = [];
  });
  afterEach(async () => {
    for (const bot of bots) await bot.kill();
    await slack.close();
    await database.close();
    folder.remove();
  });

  async function start(redisUrl?: string): Promise<BotProcess> {
    const bot = await startSlackBot({
      script: program.script,
      folder,
      slack,
      databaseUrl: database.url,
      ...(redisUrl === undefined ? {} : { redisUrl }),
    });
    bots.push(bot);
    slack.sendTo(`${bot.url}${eventsPath}`);
    return bot;
  }

  const last = <T>(all: readonly T[]): T | undefined => all.at(-1);
  const incidentCard = () =>
    slack.shownIn(channels.helpdesk).find((shown) => shown.includes('Lost device · Alice Ng')) ?? '';
  const sees = (user: string, part: string | RegExp) =>
    slack.shownTo(user).some((shown) => (typeof part === 'string' ? shown.includes(part) : part.test(shown)));

  /** Each step is one person's act, and what everybody must see of it. */
  const steps: readonly Step[] = [
    {
      name: 'Hana reports',
      act: () => slack.command(users.hana, 'lost device alice', channels.helpdesk),
      until: () => eventually(() => expect(sees(users.hana, 'Two people match')).toBe(true)),
    },
    {
      name: 'Hana chooses Alice Ng',
      act: () => slack.pressLabel(users.hana, 'Alice Ng'),
      until: () => eventually(() => expect(incidentCard()).toMatch(/Which phone is lost/)),
    },
    {
      name: 'Hana proposes a wipe',
      act: () => propose(),
      until: () => eventually(() => expect(last(slack.shownIn(channels.approvals)) ?? '').toMatch(/Approve\?/)),
    },
    {
      name: 'Otto opens his home page',
      act: () => slack.openHome(users.otto),
      until: () =>
        eventually(() =>
          expect(JSON.stringify(slack.workspace.homes.get(users.otto))).toMatch(/Waiting for your decision/),
        ),
    },
    {
      name: 'Otto approves',
      act: () => slack.pressLabel(users.otto, 'Approve'),
      until: async () => {
        await eventually(() => expect(incidentCard()).toMatch(/✔ Approved by Otto/));
        await labUntil(database.db, () => expect(incidentCard()).toMatch(/✔ Acknowledged by the phone/));
      },
    },
  ];

  async function propose(): Promise<unknown> {
    await eventually(async () => {
      if (slack.openView(users.hana) === undefined) await slack.pressLabel(users.hana, /^1 /);
      expect(slack.openView(users.hana)).toBeDefined();
    });
    return await slack.submit(users.hana, { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });
  }

  async function expectOnceEverywhere(): Promise<void> {
    const wipes = await database.db.selectFrom('wipe').selectAll().execute();
    expect(wipes).toMatchObject([{ state: 'acknowledged', scope: 'account-only' }]);
    expect(await database.db.selectFrom('incident').selectAll().execute()).toHaveLength(1);
    expect(await database.db.selectFrom('approvalDecision').selectAll().execute()).toHaveLength(1);
    const titled = (channel: string, part: string) =>
      slack.workspace.messages.filter(
        (one) =>
          one.threadTs === undefined &&
          one.onlyFor === undefined &&
          one.channel === channel &&
          JSON.stringify(one.blocks).includes(part),
      );
    expect(titled(channels.helpdesk, 'Lost device · Alice Ng')).toHaveLength(1);
    expect(titled(channels.approvals, ' · Alice Ng · wipe iPhone')).toHaveLength(1);
    // Every copy has changed: nobody is asked any more.
    for (const channel of [channels.approvals, `D${users.otto}`, `D${users.ada}`]) {
      // A copy whose posting was cut off by a kill is looked for first, and comes later than the wipe.
      await eventually(() => {
        const copies = titled(channel, ' · Alice Ng · wipe iPhone');
        expect(copies).toHaveLength(1);
        expect(JSON.stringify(copies[0]?.blocks)).not.toContain('Approve?');
      });
    }
    await eventually(() =>
      expect(JSON.stringify(slack.workspace.homes.get(users.otto))).not.toMatch(/Waiting for your decision/),
    );
    expectNoDoubles();
  }

  /** No post of the core's stands twice: each carries its key. */
  function expectNoDoubles(): void {
    const keys = slack.calls
      .filter(({ method }) => method === 'chat.postMessage')
      .flatMap(({ args }) => (args.metadata === undefined ? [] : [JSON.stringify(args.metadata)]));
    const doubled = keys.filter((key, index) => keys.indexOf(key) !== index);
    const standing = slack.workspace.messages.map((one) => JSON.stringify(one.metadata));
    for (const key of doubled) expect(standing.filter((one) => one === key).length).toBeLessThanOrEqual(1);
  }

  /** Milliseconds from the acknowledgement of a step to the kill, all but the first drawn by chance. */
  const kills = Array.from({ length: runs(0, 1) }, (_, index) => (index === 0 ? 0 : Math.random() * 500));

  it.each(kills)('ends in one acknowledged wipe although the bot is killed %d ms after every step', async (after) => {
    let bot = await start();
    for (const step of steps) {
      await perform(step, async () => {
        await new Promise((resolve) => setTimeout(resolve, after));
        await killOutsideOfACall(database.db, bot);
        bot = await start();
      });
    }
    await expectOnceEverywhere();
  });

  it('ends in one acknowledged wipe with two processes and every request sent twice', async () => {
    const redis = await testRedis();
    try {
      const one = await start(redis.url);
      const other = await start(redis.url);
      let turn = 0;
      for (const step of steps) {
        turn += 1;
        slack.sendTo(`${turn % 2 === 0 ? one.url : other.url}${eventsPath}`);
        await perform(step, async () => {
          slack.sendTo(`${turn % 2 === 0 ? other.url : one.url}${eventsPath}`);
          await slack.sendAgain();
        });
      }
      await expectOnceEverywhere();
    } finally {
      for (const bot of bots.splice(0)) await bot.kill();
      await redis.close();
    }
  });
});
