/**
 * Suspension: whose phone is reported lost loses every role at once, because the phone may speak in their name, and gets them back
 * only from somebody of security or an admin who is neither they themselves nor who reported it, whatever becomes of the incident.
 * One reporter's further report of a person with rights waits for the word of such a somebody: else one person could leave nobody
 * who decides.
 */
import { type Kysely, sql } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { listedAs, mailboxesOf } from '../../directory/holders.ts';
import type { Person } from '../../directory/person.ts';
import { after, day } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Button, Intent, Span } from '../../message/model.ts';
import { button, buttons, paragraph, strong } from '../../message/text.ts';
import { namesInList } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy, Role } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { record } from '../incident/timeline.ts';
import { accountsNotTold, heldRoles, holdersOfRight, rights, rightsOf } from './rights.ts';

/** What a report did to its owner. `roles`: what they held beside `user`. */
export type Suspension = { kind: 'nothing-held' | 'already' | 'suspended' | 'waiting'; roles: readonly Role[] };

const furtherReportsWaitFor = day;

/** What a report of this person would do now, if `reporter` made it. */
export async function expectSuspension(
  db: Kysely<Database>,
  policy: Policy,
  input: { owner: Person; reporter: PersonGuid | null; now: Date },
): Promise<Suspension> {
  const { owner, reporter, now } = input;
  const people = await mailboxesOf(db, policy, owner);
  const guids = people.map(({ guid }) => guid);
  const roles = [...(await heldRoles(db, policy, owner))].filter((role) => role !== 'user');
  const open = await db
    .selectFrom('suspension')
    .select(['state', 'reportedBy'])
    .where('personGuid', 'in', guids)
    .where('state', '!=', 'ended')
    .execute();
  if (open.some((row) => row.state === 'active')) return { kind: 'already', roles };
  if (roles.length === 0) return { kind: 'nothing-held', roles };
  if (reporter === null || guids.includes(reporter)) return { kind: 'suspended', roles };
  if (open.some((row) => row.reportedBy === reporter)) return { kind: 'already', roles };
  const earlier = await db
    .selectFrom('suspension')
    .select('id')
    .where('reportedBy', '=', reporter)
    .where('held', '=', true)
    // Whoever reports themselves takes nothing from anybody else.
    .whereRef('personGuid', '!=', 'reportedBy')
    // One that is dated later than now counts as well: a clock that was set back must not open this.
    .where('reportedAt', '>', after(now, -furtherReportsWaitFor))
    .executeTakeFirst();
  return { kind: earlier === undefined ? 'suspended' : 'waiting', roles };
}

/** Suspends the owner of an incident that was opened or joined, and tells security and every admin. */
export async function suspendOwner(
  change: Change,
  policy: Policy,
  input: { owner: Person; incident: number; by: Actor | null },
): Promise<Suspension> {
  const { owner, incident, by } = input;
  const reporter = by?.person.guid ?? null;
  if (reporter !== null) {
    // Of two reports by one person at the same moment one is the second.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`reporter:${reporter}`}, 0))`.execute(change.tx);
  }
  const expected = await expectSuspension(change.tx, policy, { owner, reporter, now: change.now });
  if (expected.kind === 'already') return expected;
  const people = await mailboxesOf(change.tx, policy, owner);
  const state = expected.kind === 'waiting' ? 'waiting' : 'active';
  await change.tx
    .insertInto('suspension')
    .values(
      people.map(({ guid }) => ({
        personGuid: guid,
        incidentNumber: incident,
        reportedBy: reporter,
        reportedAt: change.now,
        held: expected.roles.length > 0,
        state,
      })),
    )
    .execute();
  if (expected.roles.length === 0) return expected;
  await refreshCopies(change, policy, owner);
  await record(change, {
    incident,
    kind: state === 'waiting' ? 'roles.suspension-waits' : 'roles.suspended',
    by,
    data: { person: owner.guid, roles: [...expected.roles] },
  });
  const { roles } = expected;
  const reported = by === null ? 'Mislaid itself' : by.person.displayName;
  if (state === 'waiting') await tellWaiting(change, policy, { owner, incident, reported, roles });
  else
    await tellSuspended(change, policy, { owner, incident, because: `${reported} reported a phone of theirs`, roles });
  return expected;
}

/** Security or an admin, neither the person concerned nor who reported it, says that the report is right. */
export async function confirmSuspension(
  change: Change,
  policy: Policy,
  input: { owner: Person; incident: number; by: Actor },
): Promise<void> {
  const { owner, incident, by } = input;
  const rows = await openRows(
    change,
    policy,
    owner,
    (row) => row.state === 'waiting' && row.incidentNumber === incident,
  );
  if (rows.length === 0) throw refused('nothing-waits', `No report of INC-${incident} waits for anybody's word.`);
  await requireAnother(change, policy, { rows, person: owner, by, verb: 'says whether it is right' });
  await change.tx
    .updateTable('suspension')
    .set({ state: 'active', confirmedBy: by.person.guid })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  await refreshCopies(change, policy, owner);
  const roles = [...(await heldRoles(change.tx, policy, owner))].filter((role) => role !== 'user');
  await record(change, { incident, kind: 'roles.suspended', by, data: { person: owner.guid, roles } });
  const because = `${by.person.displayName} says that the report is right`;
  await tellSuspended(change, policy, { owner, incident, because, roles });
}

/**
 * Gives a person everything back: by somebody of security or an admin, or, with `null`, by the operating system's user of the host.
 * Throws MislaidError where that somebody is the person themselves or reported them. Answers the incidents whose suspensions ended.
 */
export async function endSuspensions(
  change: Change,
  policy: Policy,
  input: { person: Person; by: Actor | null; reason: string },
): Promise<number[]> {
  const { person, by, reason } = input;
  const rows = await openRows(change, policy, person, () => true);
  if (rows.length === 0) return [];
  if (by !== null) await requireAnother(change, policy, { rows, person, by, verb: 'gives the roles back' });
  await change.tx
    .updateTable('suspension')
    .set({
      state: 'ended',
      endedAt: change.now,
      endedBy: by?.person.guid ?? null,
      endedHow: by === null ? 'host' : 'restored',
    })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  await refreshCopies(change, policy, person);
  const incidents = [...new Set(rows.map((row) => row.incidentNumber))];
  for (const incident of incidents) {
    await record(change, { incident, kind: 'roles.restored', by, data: { person: person.guid, reason } });
  }
  return incidents;
}

/** With its incident ends what took nothing from anybody; the others stay, and are answered. */
export async function closeSuspensions(
  change: Change,
  policy: Policy,
  incident: number,
  owner: Person,
): Promise<boolean> {
  const held = (await heldRoles(change.tx, policy, owner)).size > 1;
  if (!held) {
    await change.tx
      .updateTable('suspension')
      .set({ state: 'ended', endedAt: change.now, endedHow: 'closed' })
      .where('incidentNumber', '=', incident)
      .where('held', '=', false)
      .where('state', '=', 'active')
      .execute();
  }
  const left = await change.tx
    .selectFrom('suspension')
    .select('id')
    .where('incidentNumber', '=', incident)
    .where('state', '!=', 'ended')
    .executeTakeFirst();
  return left !== undefined;
}

/** The incident is open again: so is what had ended with it. */
export async function reopenSuspensions(change: Change, incident: number): Promise<void> {
  await change.tx
    .updateTable('suspension')
    .set({ state: 'active', endedAt: null, endedHow: null })
    .where('incidentNumber', '=', incident)
    .where('endedHow', '=', 'closed')
    .execute();
}

/** What waits was shown to them privately: it is rendered again, with what they may read now. */
async function refreshCopies(change: Change, policy: Policy, person: Person): Promise<void> {
  const accounts = listedAs(policy, person)?.identities ?? [];
  if (accounts.length === 0) return;
  const copies = await change.tx
    .selectFrom('card')
    .innerJoin('approval', (join) => join.on('card.subject', '=', sql<string>`'approval:' || approval.id`))
    .select('approval.id')
    .distinct()
    .where('personal', '=', true)
    .where('place', 'in', accounts)
    .where('approval.state', 'in', ['waiting', 'approved'])
    .execute();
  for (const { id } of copies) await change.refresh(`approval:${id}`);
}

type OpenRow = {
  id: number;
  incidentNumber: number;
  reportedBy: PersonGuid | null;
  state: 'waiting' | 'active' | 'ended';
};

async function openRows(
  change: Change,
  policy: Policy,
  person: Person,
  wanted: (row: OpenRow) => boolean,
): Promise<OpenRow[]> {
  const people = await mailboxesOf(change.tx, policy, person);
  const rows = await change.tx
    .selectFrom('suspension')
    .select(['id', 'incidentNumber', 'reportedBy', 'state'])
    .where(
      'personGuid',
      'in',
      people.map(({ guid }) => guid),
    )
    .where('state', '!=', 'ended')
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.filter(wanted);
}

/** Throws MislaidError for the person concerned, whichever of their mailboxes is named, and for who reported them. */
async function requireAnother(
  change: Change,
  policy: Policy,
  { rows, person, by, verb }: { rows: readonly OpenRow[]; person: Person; by: Actor; verb: string },
): Promise<void> {
  const people = await mailboxesOf(change.tx, policy, person);
  if (people.some(({ guid }) => guid === by.person.guid)) {
    throw refused('restore-own', 'Nobody restores themselves. Somebody else of security or an admin must.');
  }
  const own = rows.find((row) => row.reportedBy === by.person.guid);
  if (own === undefined) return;
  throw refused(
    'restore-own-report',
    `You reported the phone of ${person.displayName} (INC-${own.incidentNumber}), so somebody else of security or an admin ${verb}.`,
  );
}

function refused(code: string, userMessage: string): MislaidError {
  return new MislaidError({ code, message: userMessage, userMessage });
}

/** "approve wipes and give roles back": what these roles let somebody do that nobody else's may do for them. */
export function describeRights(roles: readonly Role[]): string {
  const held = rightsOf(new Set(roles)).map((right) => rights[right].does);
  return namesInList(held.length > 0 ? held : ['ask for wipes and close incidents'], 'and');
}

type Told = { owner: Person; incident: number; roles: readonly Role[] };

async function tellSuspended(change: Change, policy: Policy, told: Told & { because: string }): Promise<void> {
  const { owner, because, roles } = told;
  const name = owner.displayName;
  const left = await describeLeft(change.tx, policy, owner, roles, change.now);
  const line = [
    strong(`${name} is suspended as ${namesInList(roles, 'and')}`),
    `: ${because}. Until somebody of security or an admin, other than they and who reported it, says "restore ${name} because …", they can do only what every user can: not ${describeRights(roles)}.${left}`,
  ];
  await tell(change, policy, 'role-suspended', told, line, []);
}

async function tellWaiting(change: Change, policy: Policy, told: Told & { reported: string }): Promise<void> {
  const { owner, incident, reported, roles } = told;
  const name = owner.displayName;
  const line = [
    strong(`INC-${incident} waits for the word of security or an admin`),
    `: ${reported} reported the phone of ${name}, who can ${describeRights(roles)}, and had reported somebody with rights within 24 hours before. ${name} keeps everything until somebody other than they and ${reported} says "confirm report INC-${incident}". If it is not right, "restore ${name} because …" ends it`,
  ];
  await tell(change, policy, 'suspension-waits', told, line, [button('It is right', 'confirm-report', { incident })]);
}

async function tell(
  change: Change,
  policy: Policy,
  kind: 'role-suspended' | 'suspension-waits',
  { owner, incident }: Told,
  line: readonly (string | Span)[],
  first: readonly Button<Intent>[],
): Promise<void> {
  const row = buttons(
    ...first,
    button('Restore…', 'restore', { person: owner.guid }),
    button(`Show INC-${incident}`, 'status', { incident }),
  );
  await notify(change, policy, kind, {
    incident,
    about: [owner.guid],
    line,
    without: await accountsNotTold(change.tx, policy, owner.organisation, [owner.guid]),
    privately: { tone: 'danger', blocks: [paragraph(strong(`INC-${incident}`), ' · ', ...line), row] },
  });
}

/** "Ada Romero can still approve wipes." For each right that is lost; what needs one waits where too few are left. */
async function describeLeft(
  db: Kysely<Database>,
  policy: Policy,
  owner: Person,
  roles: readonly Role[],
  now: Date,
): Promise<string> {
  const sentences: string[] = [];
  for (const right of rightsOf(new Set(roles))) {
    const others = (await holdersOfRight(db, policy, owner.organisation, right, now))
      .filter(({ guid }) => guid !== owner.guid)
      .map(({ displayName }) => displayName);
    const who = others.length === 0 ? 'Nobody' : namesInList(others, 'and');
    const few = others.length < 2 ? ': what needs more of them waits' : '';
    sentences.push(`${who} can still ${rights[right].does}${few}.`);
  }
  return sentences.map((sentence) => ` ${sentence}`).join('');
}
