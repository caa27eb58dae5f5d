/**
 * A policy that a process begins to run: who may do what is compared with what the store saw last, audited with who changed
 * it and what, and new grants of dangerous roles begin to cool off. The audit names people by directory GUID, sections by
 * their key and roles by name; no other value of the file.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { personByAddress } from '../../directory/find.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Span } from '../../message/model.ts';
import { strong } from '../../message/text.ts';
import { notifySecurity } from '../../notices/security.ts';
import { type Policy, policyHash } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { readSetting, storeSetting } from '../../store/settings.ts';
import { recordGrants } from './cooling.ts';
import { replaceGrants, storedGrants } from './grants.ts';

/** What the store remembers of the last policy, enough to say what is different. Mailboxes stay in this row. */
const Seen = z.object({
  hash: z.string(),
  sections: z.record(z.string(), z.string()),
  people: z.array(z.object({ mailbox: z.string(), roles: z.array(z.string()), identities: z.array(z.string()) })),
});
type Seen = z.infer<typeof Seen>;

export type PolicyLoad = {
  policy: Policy;
  organisation: Organisation;
  why: 'start' | 'reload';
  /** The operating system's user under whom this process runs. */
  processUser: string;
};

/** Audits the policy if it is another one than before, and records grants. Answers whether it was another one. */
export async function recordPolicy(change: Change, load: PolicyLoad): Promise<boolean> {
  const { policy, organisation, why, processUser } = load;
  await sql`select pg_advisory_xact_lock(hashtext('mislaid.policy'))`.execute(change.tx);
  const before = await seenPolicy(change.tx, organisation);
  const now = seenOf(policy);
  const stored = before === undefined ? undefined : await storedGrants(change.tx, organisation);
  const grants = recordGrants({ stored, policy, now: change.now, lab: organisation === 'lab' });
  await replaceGrants(change.tx, organisation, stored ?? [], grants);
  if (before?.hash === now.hash) return false;

  await storeSetting(change.tx, keyOf(organisation), now);
  const people = await peopleChanges(change.tx, organisation, before, now);
  const sections = Object.keys(now.sections).filter((key) => before?.sections[key] !== now.sections[key]);
  change.audit({
    action: before === undefined ? 'policy.first-seen' : 'policy.changed',
    subject: 'policy',
    actor: { guid: null, identity: `process:${processUser}` },
    data: {
      why,
      from: before?.hash ?? null,
      to: now.hash,
      sections,
      people: people.map(({ revoked, ...each }) => ({ ...each, taken: revoked })),
    },
  });
  if (before !== undefined) await notifyChanges(change, load, sections, people);
  return true;
}

type PersonChange = {
  person: string | null;
  granted: string[];
  revoked: string[];
  /** Chat accounts that now speak for this person, or no longer do. */
  accountsAdded: number;
  accountsRemoved: number;
};

async function peopleChanges(
  db: Kysely<Database>,
  organisation: Organisation,
  before: Seen | undefined,
  now: Seen,
): Promise<PersonChange[]> {
  const mailboxes = new Set([...(before?.people ?? []), ...now.people].map((person) => person.mailbox));
  const changes: PersonChange[] = [];
  for (const mailbox of mailboxes) {
    const was = merged(before?.people ?? [], mailbox);
    const is = merged(now.people, mailbox);
    const found = {
      granted: without(is.roles, was.roles),
      revoked: without(was.roles, is.roles),
      accountsAdded: without(is.identities, was.identities).length,
      accountsRemoved: without(was.identities, is.identities).length,
    };
    if (found.granted.length + found.revoked.length + found.accountsAdded + found.accountsRemoved === 0) continue;
    const person = await personByAddress(db, organisation, mailbox);
    changes.push({ person: person?.guid ?? null, ...found });
  }
  return changes;
}

async function notifyChanges(
  change: Change,
  { policy, why, processUser }: PolicyLoad,
  sections: readonly string[],
  people: readonly PersonChange[],
): Promise<void> {
  const dangerous = people.filter((each) => each.granted.some((role) => role !== 'helpdesk') || each.accountsAdded > 0);
  const names = new Map(
    (
      await change.tx
        .selectFrom('person')
        .select(['guid', 'displayName'])
        .where('guid', 'in', [...dangerous.flatMap((each) => (each.person === null ? [] : [each.person])), ''])
        .execute()
    ).map((row) => [row.guid, row.displayName]),
  );
  const grants = dangerous.map(
    (each) =>
      `${names.get(each.person ?? '') ?? 'somebody not in the directory'} (${[...each.granted, ...(each.accountsAdded > 0 ? ['a new chat account'] : [])].join(', ')})`,
  );
  const line: (string | Span)[] = [
    strong('policy changed'),
    ` at ${why}, by the process user ${processUser}: ${sections.join(', ')}.`,
    grants.length === 0
      ? ''
      : ` New: ${grants.join('; ')}. New approvers, security and admins decide nothing for 24 hours, unless two admins accept them ("accept role …").`,
  ];
  await notifySecurity(change, policy, { tone: 'warning', line });
}

/** undefined: this store never saw a policy of this organisation. */
async function seenPolicy(db: Kysely<Database>, organisation: Organisation): Promise<Seen | undefined> {
  return Seen.optional().parse(await readSetting(db, keyOf(organisation)));
}

function keyOf(organisation: Organisation): string {
  return `policy:${organisation}`;
}

function seenOf(policy: Policy): Seen {
  return {
    hash: policyHash(policy),
    sections: Object.fromEntries(Object.entries(policy).map(([key, section]) => [key, canonicalHash(section)])),
    people: policy.people.map(({ mailbox, roles, identities }) => ({
      mailbox: mailbox.trim().toLowerCase(),
      roles: [...roles],
      identities: [...identities],
    })),
  };
}

/** A mailbox may be listed twice; its roles are then all of them. */
function merged(people: Seen['people'], mailbox: string): { roles: string[]; identities: string[] } {
  const listed = people.filter((person) => person.mailbox === mailbox);
  return {
    roles: [...new Set(listed.flatMap((person) => person.roles))],
    identities: [...new Set(listed.flatMap((person) => person.identities))],
  };
}

function without(these: readonly string[], those: readonly string[]): string[] {
  return these.filter((each) => !those.includes(each));
}
