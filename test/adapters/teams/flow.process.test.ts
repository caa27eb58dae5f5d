/**
 * From a mention to the closed case, by three people, over signed activities to a whole bot that is killed as soon as each
 * step is answered; and a case that begins in Slack and is approved in Teams.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventsPath } from '../../../adapters/slack/receivers.ts';
import { botToken, openFakeSlack, signingSecret, team } from '../../fakes/slack/index.ts';
import { textOf } from '../../fakes/teams/cards.ts';
import { type FakeTeams, openFakeTeams } from '../../fakes/teams/index.ts';
import type { FakePerson } from '../../fakes/teams/world.ts';
import { type BotFolder, type BotProcess, botFolder, startBotProcess } from '../../setup/bot-process.ts';
import { compiled } from '../../setup/compiled.ts';
import { type TestDatabase, testDatabase } from '../../setup/database.ts';
import { eventually } from '../../setup/eventually.ts';
import { killOutsideOfACall, labUntil, perform, type Step } from '../../setup/lab-flow.ts';
import { isFull } from '../../setup/runs.ts';
import { type Cast, castOf, type Stage, teamsPolicy } from './cast.ts';
import { asked, expectOnceEverywhere, incidentCard, lostDeviceSteps, type Scene } from './lost-device.ts';

describe('the lost-device flow in Teams', { timeout: 1_200_000 }, () => {
  let program: Awaited<ReturnType<typeof compiled>>;
  let teams: FakeTeams;
  let people: Cast;
  let places: Stage;
  let database: TestDatabase;
  let folder: BotFolder | undefined;
  let bot: BotProcess | undefined;

  beforeAll(async () => {
    program = await compiled('src/main.ts');
  });
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

  const scene = (): Scene => ({ teams, people, places, db: database.db });

  /** Nobody is killed; but a bot that was kept waiting may have told the person to say it again. */
  const undisturbed = (step: Step): Promise<void> => perform(step, async () => undefined);

  it.runIf(isFull)(
    'ends in one acknowledged wipe and a closed case although the bot is killed after every step',
    async () => {
      const policy = teamsPolicy({ people, places });
      await start(policy);
      for (const step of lostDeviceSteps(scene())) {
        await perform(step, async () => {
          if (bot !== undefined) await killOutsideOfACall(database.db, bot);
          await start(policy);
        });
      }
      await expectOnceEverywhere(scene());
    },
  );

  it('shows each who looks the buttons that he may press, and no others', async () => {
    await start(teamsPolicy({ people, places }));
    await undisturbed({
      name: 'Hana reports',
      act: () => teams.say(people.hana, 'lost device alice.ng', places.helpdesk),
      until: () => eventually(() => expect(incidentCard(scene())).toMatch(/Which phone is lost/)),
    });
    const card = teams.world.messages.find(
      ({ conversation, activity }) =>
        conversation === places.helpdesk.id && textOf(activity.attachments?.[0]?.content).includes('Lost device'),
    );
    const seenBy = (who: FakePerson) => (card === undefined ? '' : textOf(teams.cardFor(who, card)));

    await eventually(() => {
      expect(seenBy(people.otto)).not.toMatch(/None of these/);
      expect(seenBy(people.hana)).toMatch(/None of these/);
    });
    expect(incidentCard(scene())).toMatch(/None of these/);
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

      await undisturbed({
        name: 'Hana reports',
        act: () => slack.command(users.hana, 'lost device alice.ng', helpdesk),
        until: () => eventually(() => expect(slack.shownIn(helpdesk).join('\n')).toMatch(/Which phone is lost/)),
      });
      await undisturbed({
        name: 'Hana proposes a wipe',
        act: async () => {
          await eventually(async () => {
            if (slack.openView(users.hana) === undefined) await slack.pressLabel(users.hana, /^1 /);
            expect(slack.openView(users.hana)).toBeDefined();
          });
          await slack.submit(users.hana, { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });
        },
        until: () => eventually(() => expect(asked(scene(), places.approvals)).toMatch(/Approve$/m)),
      });
      await undisturbed({
        name: 'Hana approves it herself',
        act: () => teams.press(people.hana, 'Approve'),
        // Beside the button, or in the private chat where the answer took long.
        until: () =>
          eventually(() =>
            expect(teams.shownTo(people.hana).join('\n')).toMatch(
              /You asked for this, so someone else must approve it/,
            ),
          ),
      });
      expect(await database.db.selectFrom('approvalDecision').selectAll().execute()).toEqual([]);

      await undisturbed({
        name: 'Otto approves',
        act: () => teams.press(people.otto, 'Approve'),
        until: () =>
          labUntil(database.db, () =>
            expect(slack.shownIn(helpdesk).join('\n')).toMatch(/✔ Acknowledged by the phone/),
          ),
      });
      await eventually(() => expect(incidentCard(scene())).toMatch(/✔ Acknowledged by the phone/));
      expect(await database.db.selectFrom('approvalDecision').select('identity').execute()).toEqual([
        { identity: expect.stringMatching(/^entra:/) },
      ]);
    } finally {
      await bot?.kill();
      await slack.close();
    }
  });
});
