/**
 * From a mention to the acknowledged wipe, by three people, over signed activities to a whole bot that is killed as soon as each
 * step is answered; and a case that begins in Slack and is approved in Teams.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventsPath } from '../../../adapters/slack/receivers.ts';
import { advanceLab } from '../../../src/exchange/lab/clock.ts';
import { botToken, openFakeSlack, signingSecret, team } from '../../fakes/slack/index.ts';
import { textOf } from '../../fakes/teams/cards.ts';
import { type FakeTeams, openFakeTeams } from '../../fakes/teams/index.ts';
import type { FakeConversation, FakePerson } from '../../fakes/teams/world.ts';
import { compiled } from '../../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import {
  type BotFolder,
  type BotProcess,
  botFolder,
  type Cast,
  castOf,
  type Stage,
  startBotProcess,
  teamsPolicy,
} from './bots.ts';

const patience = { timeout: 60_000, interval: 100 };

describe('the lost-device flow in Teams', { timeout: 420_000 }, () => {
  let program: Awaited<ReturnType<typeof compiled>>;
  let teams: FakeTeams;
  let people: Cast;
  let places: Stage;
  let database: TestDatabase;
  let folder: BotFolder | undefined;
  let bot: BotProcess | undefined;

  beforeAll(async () => {
    program = await compiled('src/main.ts');
  }, 120_000);
  afterAll(() => program.remove());

  beforeEach(async () => {
    teams = await openFakeTeams();
    teams.looksByItself = true;
    ({ people, places } = castOf(teams));
    database = await testDatabase();
  });
  afterEach(async () => {
    await bot?.kill();
    bot = undefined;
    await teams.close();
    await database.close();
    folder?.remove();
    folder = undefined;
  });

  async function start(policy: string, env: Record<string, string> = {}): Promise<BotProcess> {
    folder ??= botFolder(policy);
    bot = await startBotProcess({
      script: program.script,
      folder,
      databaseUrl: database.url,
      env: { ...teams.settings, ...env },
    });
    teams.botAt(bot.url);
    return bot;
  }

  const incidentCard = (): string =>
    teams.shownIn(places.helpdesk).find((shown) => shown.includes('Lost device · Alice Ng')) ?? '';
  const asked = (where: FakeConversation): string =>
    teams.shownIn(where).find((shown) => shown.includes('Approve?')) ?? '';

  /** Until a condition holds, phones live on; not while Exchange is being asked, whose answer would count as overdue. */
  async function labUntil(condition: () => void): Promise<void> {
    await vi.waitFor(async () => {
      const wipe = await database.db.selectFrom('wipe').select('state').executeTakeFirst();
      if (wipe?.state !== 'approved' && wipe?.state !== 'issuing') await advanceLab(database.db, 30_000);
      condition();
    }, patience);
  }

  type Step = { name: string; act(): Promise<unknown>; until(): Promise<unknown> };

  /** Each step is one person's act, and what everybody must see of it. */
  function steps(): readonly Step[] {
    const { hana, otto, sasha } = people;
    return [
      {
        name: 'Hana reports',
        act: () => teams.say(hana, 'lost device alice', places.helpdesk),
        until: () => vi.waitFor(() => expect(teams.shownTo(hana).join('\n')).toContain('Two people match'), patience),
      },
      {
        name: 'Hana chooses Alice Ng',
        act: () => teams.press(hana, 'Alice Ng'),
        until: () => vi.waitFor(() => expect(incidentCard()).toMatch(/Which phone is lost/), patience),
      },
      {
        name: 'Hana opens the form',
        act: () => teams.press(hana, /^1 /),
        until: () => formOpen(),
      },
      {
        name: 'Hana proposes a wipe',
        act: () => propose(),
        until: () =>
          vi.waitFor(
            async () => {
              // A crash before it was stored leaves her form closed and nothing done: she says it again.
              if (teams.dialog(hana) === undefined && asked(places.approvals) === '') await propose();
              expect(asked(places.approvals)).not.toBe('');
            },
            { timeout: 60_000, interval: 5_000 },
          ),
      },
      {
        name: 'Otto approves his own copy',
        act: async () => {
          await vi.waitFor(() => expect(asked(teams.world.personal(otto))).toMatch(/Approve$/m), patience);
          return await teams.press(otto, 'Approve');
        },
        until: async () => {
          await vi.waitFor(() => expect(incidentCard()).toMatch(/✔ Approved by Otto/), patience);
          await labUntil(() => expect(incidentCard()).toMatch(/✔ Acknowledged by the phone/));
          await vi.waitFor(() => expect(teams.shownIn(places.security).join('\n')).toMatch(/acknowledged/i), patience);
          expect(teams.shownTo(sasha)).toEqual([]);
        },
      },
    ];
  }

  /** A click that was not stored in time is made again, as a person does. */
  async function formOpen(): Promise<void> {
    await vi.waitFor(async () => {
      if (teams.dialog(people.hana) === undefined) await teams.press(people.hana, /^1 /);
      expect(teams.dialog(people.hana)?.title).toMatch(/wipe/i);
    }, patience);
  }

  async function propose(): Promise<unknown> {
    await formOpen();
    return await teams.submit(people.hana, { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });
  }

  it('ends in one acknowledged wipe although the bot is killed after every step', async () => {
    const policy = teamsPolicy({ people, places });
    await start(policy);
    for (const step of steps()) {
      await step.act();
      await bot?.kill();
      await start(policy);
      await step.until();
    }

    expect(await database.db.selectFrom('wipe').selectAll().execute()).toMatchObject([
      { state: 'acknowledged', scope: 'account-only' },
    ]);
    expect(await database.db.selectFrom('incident').selectAll().execute()).toHaveLength(1);
    expect(await database.db.selectFrom('approvalDecision').selectAll().execute()).toHaveLength(1);
    // One card for the case, and every copy of the question has changed: nobody is asked any more.
    expect(teams.shownIn(places.helpdesk).filter((shown) => shown.includes('Lost device · Alice Ng'))).toHaveLength(1);
    for (const where of [places.approvals, teams.world.personal(people.otto), teams.world.personal(people.ada)]) {
      await vi.waitFor(() => expect(teams.shownIn(where).join('\n')).not.toMatch(/^Approve$/m), patience);
      expect(teams.shownIn(where).filter((shown) => shown.includes('iPhone 15 · account-only'))).toHaveLength(1);
    }
  });

  it('shows each who looks the buttons that he may press, and no others', async () => {
    await start(teamsPolicy({ people, places }));
    await teams.say(people.hana, 'lost device alice.ng', places.helpdesk);
    await vi.waitFor(() => expect(incidentCard()).toMatch(/Which phone is lost/), patience);
    const card = teams.world.messages.find(
      ({ conversation, activity }) =>
        conversation === places.helpdesk.id && textOf(activity.attachments?.[0]?.content).includes('Lost device'),
    );
    const seenBy = (who: FakePerson) => (card === undefined ? '' : textOf(teams.cardFor(who, card)));

    await vi.waitFor(() => expect(seenBy(people.otto)).not.toMatch(/None of these/), patience);
    expect(seenBy(people.hana)).toMatch(/None of these/);
    expect(incidentCard()).toMatch(/None of these/);
  });

  it('is begun in Slack and approved in Teams, and not by the one who asked', async () => {
    const users = { hana: 'U0HANA', otto: 'U0OTTO' } as const;
    const helpdesk = 'C0HELP';
    const slack = await openFakeSlack({
      users: [
        { id: users.hana, name: 'Hana', email: 'hana@contoso.example' },
        { id: users.otto, name: 'Otto', email: 'otto@contoso.example' },
      ],
      channels: [helpdesk],
    });
    try {
      const policy = teamsPolicy(
        { people, places },
        { hana: [`slack:${team}/${users.hana}`], otto: [`slack:${team}/${users.otto}`] },
        { hana: ['helpdesk', 'approver'] },
        { helpdesk: [`slack:${team}/${helpdesk}`] },
      );
      const { url } = await start(policy, {
        SLACK_BOT_TOKEN: botToken,
        SLACK_SIGNING_SECRET: signingSecret,
        SLACK_API_URL: slack.apiUrl,
      });
      slack.sendTo(`${url}${eventsPath}`);

      await slack.command(users.hana, 'lost device alice.ng', helpdesk);
      await vi.waitFor(() => expect(slack.shownIn(helpdesk).join('\n')).toMatch(/Which phone is lost/), patience);
      await vi.waitFor(async () => {
        if (slack.openView(users.hana) === undefined) await slack.pressLabel(users.hana, /^1 /);
        expect(slack.openView(users.hana)).toBeDefined();
      }, patience);
      await slack.submit(users.hana, { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });

      await vi.waitFor(() => expect(asked(places.approvals)).toMatch(/Approve$/m), patience);
      const own = await teams.press(people.hana, 'Approve');
      expect(JSON.stringify(own.body)).toMatch(/You asked for this, so someone else must approve it/);
      expect(await database.db.selectFrom('approvalDecision').selectAll().execute()).toEqual([]);

      await teams.press(people.otto, 'Approve');
      await labUntil(() => expect(slack.shownIn(helpdesk).join('\n')).toMatch(/✔ Acknowledged by the phone/));
      await vi.waitFor(() => expect(incidentCard()).toMatch(/✔ Acknowledged by the phone/), patience);
      expect(await database.db.selectFrom('approvalDecision').select('identity').execute()).toEqual([
        { identity: expect.stringMatching(/^entra:/) },
      ]);
    } finally {
      await bot?.kill();
      await slack.close();
    }
  });
});
