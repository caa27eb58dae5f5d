/** From a mention to the closed case, by three people: each step is one act, and what everybody must see of it. */
import type { Kysely } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../../src/store/schema.ts';
import type { FakeTeams } from '../../fakes/teams/index.ts';
import type { FakeConversation } from '../../fakes/teams/world.ts';
import { eventually } from '../../setup/eventually.ts';
import { labUntil, type Step } from '../../setup/lab-flow.ts';
import type { Cast, Stage } from './cast.ts';

export type Scene = { teams: FakeTeams; people: Cast; places: Stage; db: Kysely<Database> };

/** With a copy, should a kill have cut its posting off: one of the two is edited from then on, and the other goes when it is looked at. */
export function incidentCard({ teams, places }: Scene): string {
  return incidentCards({ teams, places }).join('\n');
}

function incidentCards({ teams, places }: Pick<Scene, 'teams' | 'places'>): string[] {
  return teams.shownIn(places.helpdesk).filter((shown) => shown.includes('Lost device · Alice Ng'));
}

export function asked({ teams }: Scene, where: FakeConversation): string {
  return teams.shownIn(where).find((shown) => shown.includes('Approve?')) ?? '';
}

async function wipeState({ db }: Scene): Promise<string | undefined> {
  return (await db.selectFrom('wipe').select('state').executeTakeFirst())?.state;
}

export function lostDeviceSteps(scene: Scene): readonly Step[] {
  const { teams, people, places } = scene;
  const { hana, otto, sasha } = people;
  const card = (part: string | RegExp) => eventually(() => expect(incidentCard(scene)).toMatch(part));

  async function formOpen(): Promise<void> {
    await eventually(async () => {
      if (teams.dialog(hana) === undefined) await teams.press(hana, /^1 /);
      expect(teams.dialog(hana)?.title).toMatch(/wipe/i);
    });
  }

  return [
    {
      name: 'Hana reports by a mention',
      act: () => teams.say(hana, 'lost device alice', places.helpdesk),
      until: () => eventually(() => expect(teams.shownTo(hana).join('\n')).toContain('Two people match')),
    },
    {
      name: 'Hana chooses Alice Ng',
      act: () => teams.press(hana, 'Alice Ng'),
      until: () => card(/Which phone is lost/),
    },
    { name: 'Hana opens the form', act: () => teams.press(hana, /^1 /), until: () => formOpen() },
    {
      name: 'Hana proposes a wipe',
      act: async () => {
        await formOpen();
        return await teams.submit(hana, { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });
      },
      until: () => eventually(() => expect(asked(scene, places.approvals)).not.toBe('')),
    },
    {
      name: 'Otto approves his own copy',
      act: async () => {
        await eventually(() => expect(asked(scene, teams.world.personal(otto))).toMatch(/Approve$/m));
        return await teams.press(otto, 'Approve');
      },
      until: () => card(/✔ Approved by Otto/),
    },
    {
      name: 'Exchange has been asked',
      act: () => labUntil(scene.db, async () => expect(await wipeState(scene)).not.toMatch(/^(approved|issuing)$/)),
      until: () => labUntil(scene.db, () => expect(incidentCard(scene)).toMatch(/✔ Asked of Exchange/)),
    },
    {
      name: 'the phone acknowledges',
      act: () => labUntil(scene.db, async () => expect(await wipeState(scene)).toBe('acknowledged')),
      until: async () => {
        await card(/✔ Acknowledged by the phone/);
        await eventually(() => expect(teams.shownIn(places.security).join('\n')).toMatch(/acknowledged/i));
        expect(teams.shownTo(sasha)).toEqual([]);
      },
    },
    {
      name: 'Hana ticks the password',
      act: () => teams.press(hana, 'I have reset the password'),
      until: () => card(/✔ Password reset — Hana/),
    },
    {
      name: 'Hana ticks the sessions',
      act: () => teams.press(hana, 'I have revoked the sessions'),
      until: () => card(/✔ Sessions revoked — Hana/),
    },
    { name: 'Hana closes the case', act: () => teams.press(hana, 'Close'), until: () => card(/Closed by Hana/) },
  ];
}

/** Whoever did what how often: the store has it once, and so has every place, once everybody has looked. */
export async function expectOnceEverywhere(scene: Scene): Promise<void> {
  const { db, teams, people, places } = scene;
  expect(await db.selectFrom('wipe').selectAll().execute()).toMatchObject([
    { state: 'acknowledged', scope: 'account-only' },
  ]);
  expect(await db.selectFrom('incident').selectAll().execute()).toMatchObject([{ state: 'closed' }]);
  expect(await db.selectFrom('approvalDecision').selectAll().execute()).toHaveLength(1);
  const events = (await db.selectFrom('incidentEvent').select(['kind', 'data']).orderBy('id').execute())
    // A phone may be handed its wipe and acknowledge it between two looks of the bot.
    .filter(({ kind }) => /^(incident|step|wipe)\./.test(kind) && kind !== 'wipe.sent')
    .map(({ kind, data }) => (kind === 'step.ticked' ? `${kind} ${data.step}` : kind));
  expect(events).toEqual([
    'incident.opened',
    'wipe.proposed',
    'wipe.approved',
    'wipe.issuing',
    'wipe.requested',
    'wipe.acknowledged',
    'step.ticked password',
    'step.ticked sessions',
    'incident.closed',
  ]);
  // A copy whose posting was cut off by a kill comes later than the wipe, and one too many goes a little after somebody looked.
  await eventually(async () => {
    await everybodyLooks(scene);
    expect(incidentCards(scene)).toHaveLength(1);
    // Every copy of the question has changed: nobody is asked any more.
    for (const where of [places.approvals, teams.world.personal(people.otto), teams.world.personal(people.ada)]) {
      expect(teams.shownIn(where).join('\n')).not.toMatch(/^Approve$/m);
      const copies = teams
        .shownIn(where)
        .filter((shown) => / · Alice Ng · wipe iPhone 15 …\w{4} · account-only/.test(shown));
      expect(copies).toHaveLength(1);
    }
  });
}

/** A second copy of a card, from a post whose answer was lost with its process, goes when somebody looks at it. */
async function everybodyLooks({ teams, people }: Scene): Promise<void> {
  for (const message of teams.world.messages.filter(({ deleted }) => !deleted)) {
    for (const who of Object.values(people)) {
      const where = teams.world.conversations.get(message.conversation);
      if (where?.members.includes(who.objectId) === true) await teams.look(who, message.id);
    }
  }
}
