/**
 * Who is written to about a request that waits: everybody who may decide, or by policy's `rota` the first of it, the next when half of
 * its time has passed, and then security. Anybody who may decide may do so at any time.
 */
import type { Kysely } from 'kysely';
import { hasAddress, personByGuid } from '../../directory/find.ts';
import { isMailboxOf } from '../../directory/holders.ts';
import type { Person } from '../../directory/person.ts';
import { personFromRow } from '../../directory/store-people.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import type { StaticBlock } from '../../message/model.ts';
import { note, time } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy, PolicyPerson } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { incidentSubject } from '../incident/timeline.ts';
import type { Approval } from '../incident/view.ts';
import { accountsNotTold } from '../roles/rights.ts';
import { privateCopies } from './deciders.ts';
import { approvalSubjectOf } from './subject.ts';

/** Sends the first copies, and plans who is next. */
export async function pageFirst(
  change: Change,
  policy: Policy,
  approval: Approval,
  organisation: Organisation,
): Promise<void> {
  const { inTurn, all } = await candidates(change, policy, approval, organisation);
  const first = inTurn.length === 0 ? all : inTurn.slice(0, approval.needed);
  await change.personalCard(approvalSubjectOf(approval.id), first);
  await plan(change, approval, 0.5);
}

/** Half of the time has passed, or more, and nobody has decided enough: the next of the rota, or security. */
export async function pageNext(change: Change, policy: Policy, approval: Approval, what: string): Promise<void> {
  const asker = await personByGuid(change.tx, approval.requestedBy);
  const asked = await pagedIdentities(change.tx, approval.id);
  const { inTurn } =
    asker === undefined ? { inTurn: [] } : await candidates(change, policy, approval, asker.organisation);
  const next = inTurn.find((identity) => !asked.some((each) => each.identity === identity));
  if (next !== undefined) {
    await change.personalCard(approvalSubjectOf(approval.id), [next]);
    await plan(change, approval, 0.75);
  } else {
    const names = await pagedNames(change.tx, policy, approval);
    await notify(change, policy, 'approval-unanswered', {
      ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
      line: [
        `nobody has decided on “${what}” yet; asked: ${names.map(({ name }) => name).join(', ') || 'nobody'}. It expires `,
        time(approval.expiresAt),
        '.',
      ],
      key: String(approval.id),
      without: await accountsNotTold(change.tx, policy, asker?.organisation ?? approval.organisation, []),
    });
  }
  await change.refresh(approvalSubjectOf(approval.id));
  if (approval.incidentNumber !== null) await change.refresh(incidentSubject(approval.incidentNumber));
}

export type PagedPerson = { name: string; at: Date };

/** For whoever asked: "Asked: Otto Lindqvist, 09:25; Ada Romero, 09:40." */
export function askedNote(paged: readonly PagedPerson[]): StaticBlock[] {
  if (paged.length === 0) return [];
  return [
    note('Asked: ', ...paged.flatMap(({ name, at }, index) => [`${index === 0 ? '' : '; '}${name}, `, time(at)]), '.'),
  ];
}

/** Who was written to, and when; the first first. */
export async function pagedNames(
  db: Kysely<Database>,
  policy: Policy,
  approval: Pick<Approval, 'id' | 'requestedBy'>,
): Promise<PagedPerson[]> {
  return (await pagedNamesOnEach(db, policy, [approval])).get(approval.id) ?? [];
}

/** The same of several requests, by their ids, with as many questions as for one. */
export async function pagedNamesOnEach(
  db: Kysely<Database>,
  policy: Policy,
  approvals: readonly Pick<Approval, 'id' | 'requestedBy'>[],
): Promise<Map<number, PagedPerson[]>> {
  if (approvals.length === 0) return new Map();
  const copies = await db
    .selectFrom('card')
    .select(['subject', 'place', 'createdAt'])
    .where(
      'subject',
      'in',
      approvals.map(({ id }) => approvalSubjectOf(id)),
    )
    .where('personal', '=', true)
    .orderBy('id')
    .execute();
  const paged = copies.flatMap(({ subject, place, createdAt: at }) => {
    const entry = policy.people.find(({ identities }) => identities.includes(place));
    return entry === undefined ? [] : [{ subject, entry, at }];
  });
  const people = paged.length === 0 ? [] : await askersAndAddressed(db, approvals, paged);
  return new Map(
    approvals.map(({ id, requestedBy }) => {
      const asker = people.find(({ guid }) => guid === requestedBy);
      const own = paged.filter(({ subject }) => subject === approvalSubjectOf(id));
      return [
        id,
        own.map(({ entry, at }) => {
          const [only, ...others] = people.filter(
            (one) => !one.gone && one.organisation === asker?.organisation && isMailboxOf(entry.mailbox, one),
          );
          return { name: only === undefined || others.length > 0 ? entry.name : only.displayName, at };
        }),
      ];
    }),
  );
}

/** Whoever asked, and whoever has one of the mailboxes. */
async function askersAndAddressed(
  db: Kysely<Database>,
  approvals: readonly Pick<Approval, 'requestedBy'>[],
  paged: readonly { entry: PolicyPerson }[],
): Promise<(Person & { gone: boolean })[]> {
  const asked = [...new Set(approvals.map(({ requestedBy }) => requestedBy))];
  const mailboxes = [...new Set(paged.map(({ entry }) => entry.mailbox))];
  const rows = await db
    .selectFrom('person')
    .selectAll()
    .where(({ or, eb }) => or([eb('guid', 'in', asked), ...mailboxes.map((mailbox) => hasAddress(mailbox))]))
    .execute();
  return rows.map((row) => ({ ...personFromRow(row), gone: row.gone }));
}

async function pagedIdentities(db: Kysely<Database>, approvalId: number): Promise<{ identity: string; at: Date }[]> {
  const rows = await db
    .selectFrom('card')
    .select(['place', 'createdAt'])
    .where('subject', '=', approvalSubjectOf(approvalId))
    .where('personal', '=', true)
    .orderBy('id')
    .execute();
  return rows.map(({ place, createdAt }) => ({ identity: place, at: createdAt }));
}

/** Accounts of all who may decide, and of those of them whom the rota names, in its order. */
async function candidates(
  change: Change,
  policy: Policy,
  approval: Approval,
  organisation: Organisation,
): Promise<{ inTurn: string[]; all: string[] }> {
  const all = await privateCopies(change, policy, approval, organisation);
  if (policy.rota === 'anyone') return { inTurn: [], all };
  const inTurn = policy.rota.flatMap((mailbox) => {
    const entry = policy.people.find(({ mailboxes }) =>
      mailboxes.some((each) => each.toLowerCase() === mailbox.toLowerCase()),
    );
    return all.filter((identity) => entry?.identities.includes(identity) === true);
  });
  return { inTurn, all };
}

async function plan(change: Change, { id, requestedAt, expiresAt }: Approval, part: number): Promise<void> {
  const dueAt = new Date(requestedAt.getTime() + (expiresAt.getTime() - requestedAt.getTime()) * part);
  await change.enqueue('page-deciders', { approval: id }, { key: `${id}-${part}`, dueAt });
}
