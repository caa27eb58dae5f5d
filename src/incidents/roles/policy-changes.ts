/**
 * A policy that a process begins to run: it is compared with what the store saw last, audited with who changed it and what, and told to
 * everybody of security and every admin of before and of now. New grants of dangerous roles begin to cool off, and so does what loosens a
 * protection: what holds meanwhile is kept here, so that every process runs the same. The audit names people by directory GUID,
 * sections by their key and roles by name; no other value of the file.
 */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Actor } from '../../directory/actor.ts';
import { personByAddress } from '../../directory/find.ts';
import { canonicalHash } from '../../ground/canonical.ts';
import { after, day } from '../../ground/durations.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Span } from '../../message/model.ts';
import { strong } from '../../message/text.ts';
import { namesInList } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import { Policy, policyHash, Role } from '../../policy.ts';
import type { Change, Store } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import { readSetting, storeSetting } from '../../store/settings.ts';
import { acceptGrant, coolsUntil, recordGrants } from './cooling.ts';
import { replaceGrants, storedGrants } from './grants.ts';
import { describeChange, isSame, protectionsOf, stricterOf, withProtections } from './protections.ts';
import { accountsNotTold } from './rights.ts';

/** What the store remembers of the last policy, enough to say what is different. Mailboxes stay in this row. */
const Seen = z.object({
  hash: z.string(),
  sections: z.record(z.string(), z.string()),
  people: z.array(z.object({ mailbox: z.string(), roles: z.array(z.string()), identities: z.array(z.string()) })),
  /** What holds now of protections.ts, whatever the file says; absent in what a version before this one wrote. */
  held: z.record(z.string(), z.unknown()).optional(),
  /** What the file loosens, by its path: since when, to what, and who accepted it. */
  loosening: z
    .record(z.string(), z.object({ to: z.unknown(), since: z.coerce.date(), acceptedBy: z.array(z.string()) }))
    .default({}),
});
type Seen = z.infer<typeof Seen>;

export type PolicyLoad = {
  policy: Policy;
  organisation: Organisation;
  why: 'start' | 'reload';
  /** The operating system's user under whom this process runs. */
  processUser: string;
};

/**
 * Audits the policy if it is another one than before, and records grants and what cools off. Answers the policy that holds now, and
 * whether the file was another one.
 */
export async function recordPolicy(change: Change, load: PolicyLoad): Promise<{ effective: Policy; changed: boolean }> {
  const { policy, organisation, why, processUser } = load;
  await sql`select pg_advisory_xact_lock(hashtext('mislaid.policy'))`.execute(change.tx);
  const before = settled(await seenPolicy(change.tx, organisation), change.now).seen;
  const now = seenOf(policy, before, change.now);
  const effective = withProtections(policy, now.held ?? {});
  const stored = before === undefined ? undefined : await storedGrants(change.tx, organisation);
  const grants = recordGrants({ stored, policy, now: change.now, lab: organisation === 'lab' });
  await replaceGrants(change.tx, organisation, stored ?? [], grants);
  await storeSetting(change.tx, keyOf(organisation), now);
  if (before?.hash === now.hash) return { effective, changed: false };

  const people = await peopleChanges(change.tx, organisation, before, now);
  const sections = [...new Set([...Object.keys(before?.sections ?? {}), ...Object.keys(now.sections)])].filter(
    (key) => before?.sections[key] !== now.sections[key],
  );
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
      loosening: Object.keys(now.loosening),
    },
  });
  if (before !== undefined)
    await notifyChanges(change, { ...load, policy: effective }, { before, now, sections, people });
  return { effective, changed: true };
}

/** The policy as it holds now, for a process that runs this file; what has cooled off by now is put in force first. */
export async function effectivePolicy(
  store: Store,
  policy: Policy,
  organisation: Organisation,
  now: Date,
): Promise<Policy> {
  const stored = await seenPolicy(store.db, organisation);
  if (stored !== undefined && settled(stored, now).over.length > 0) {
    await store.change((change) => settle(change, policy, organisation));
    return effectivePolicy(store, policy, organisation, now);
  }
  return withProtections(policy, stored?.held ?? {});
}

/** What the file loosens waits its whole time again, and for acceptances anew. */
export async function loosenAnew(change: Change, organisation: Organisation): Promise<void> {
  const seen = await seenPolicy(change.tx, organisation);
  if (seen === undefined) return;
  const loosening = Object.entries(seen.loosening).map(([path, { to }]) => [
    path,
    { to, since: change.now, acceptedBy: [] },
  ]);
  await storeSetting(change.tx, keyOf(organisation), { ...seen, loosening: Object.fromEntries(loosening) });
}

async function settle(change: Change, policy: Policy, organisation: Organisation): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('mislaid.policy'))`.execute(change.tx);
  const stored = await seenPolicy(change.tx, organisation);
  const { seen, over } = settled(stored, change.now);
  if (stored === undefined || seen === undefined || over.length === 0) return;
  await storeSetting(change.tx, keyOf(organisation), seen);
  const actor = { guid: null, identity: null };
  change.audit({ action: 'policy.loosened', subject: 'policy', actor, data: { parts: over } });
  const about = over.flatMap((path) => stored.loosening[path]?.acceptedBy ?? []);
  const line = [
    strong('policy is looser from now on'),
    `: ${namesInList(over, 'and')} as policy.yaml says, after 24 hours or because two admins accepted it.`,
  ];
  await tellOfPolicy(change, withProtections(policy, seen.held ?? {}), { organisation, before: stored, about, line });
}

/** What waits to become looser, in words, with the hash by which an admin accepts exactly this. */
export async function waitingLoosening(
  db: Kysely<Database>,
  organisation: Organisation,
): Promise<{ hash: string; changes: string[]; until: Date | undefined }> {
  const seen = await seenPolicy(db, organisation);
  const loosening = inOrder(seen?.loosening ?? {});
  const since = loosening.map(([, { since: each }]) => each.getTime());
  return {
    hash: hashOf(seen),
    changes: loosening.map(([path, { to }]) => describeChange(path, seen?.held?.[path], to)),
    until: since.length === 0 ? undefined : after(new Date(Math.max(...since)), day),
  };
}

/**
 * One admin accepts what waits to become looser, exactly as they were shown it (`hash`); with a second one it holds. Throws MislaidError
 * where they may not, or where something else waits now.
 */
export async function acceptLoosening(
  change: Change,
  policy: Policy,
  input: { organisation: Organisation; by: Actor; cooling: ReadonlySet<Role>; hash: string },
): Promise<{ complete: boolean }> {
  const { organisation, by, cooling, hash } = input;
  await sql`select pg_advisory_xact_lock(hashtext('mislaid.policy'))`.execute(change.tx);
  const seen = await seenPolicy(change.tx, organisation);
  if (seen === undefined || Object.keys(seen.loosening).length === 0)
    throw refused('accept-not-needed', 'Nothing of the policy waits: what policy.yaml says holds already.');
  if (hashOf(seen) !== hash)
    throw refused(
      'accept-not-shown',
      'policy.yaml was changed since you were shown this, so nothing was accepted. Say "accept policy" again.',
    );
  let complete = true;
  const loosening: Seen['loosening'] = {};
  for (const [path, each] of Object.entries(seen.loosening)) {
    const accepted = acceptGrant({
      grant: { grantedAt: each.since, acceptedBy: each.acceptedBy },
      holder: null,
      acceptor: { guid: by.person.guid, roles: by.roles, cooling },
      now: change.now,
    });
    if (accepted.kind === 'refusal') throw refused(accepted.code, accepted.userMessage);
    loosening[path] = { ...each, acceptedBy: [...accepted.acceptedBy] };
    complete &&= accepted.complete;
  }
  await storeSetting(change.tx, keyOf(organisation), { ...seen, loosening });
  const actor = { guid: by.person.guid, identity: by.identity };
  change.audit({
    action: 'policy.accepted',
    subject: 'policy',
    actor,
    data: { parts: Object.keys(loosening), complete },
  });
  const line = [
    `${by.person.displayName} accepted the looser policy`,
    complete ? ': it holds from now on.' : '; a second admin must too ("accept policy").',
  ];
  await tellOfPolicy(change, policy, { organisation, before: seen, about: [by.person.guid], line });
  await settle(change, policy, organisation);
  return { complete };
}

function refused(code: string, userMessage: string): MislaidError {
  return new MislaidError({ code, message: userMessage, userMessage });
}

function hashOf(seen: Seen | undefined): string {
  return canonicalHash(inOrder(seen?.loosening ?? {}).map(([path, { to }]) => ({ path, to: to ?? null })));
}

/** What has cooled off holds; `over` names it. */
function settled<S extends Seen | undefined>(seen: S, now: Date): { seen: S; over: string[] } {
  if (seen === undefined) return { seen, over: [] };
  const over = Object.entries(seen.loosening)
    .filter(([, { since, acceptedBy }]) => coolsUntil({ grantedAt: since, acceptedBy }, now) === null)
    .map(([path]) => path);
  if (over.length === 0) return { seen, over };
  const held = { ...seen.held, ...Object.fromEntries(over.map((path) => [path, seen.loosening[path]?.to])) };
  const loosening = Object.fromEntries(Object.entries(seen.loosening).filter(([path]) => !over.includes(path)));
  return { seen: { ...seen, held, loosening }, over };
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
  { policy, organisation, why, processUser }: PolicyLoad,
  {
    before,
    now,
    sections,
    people,
  }: { before: Seen; now: Seen; sections: readonly string[]; people: readonly PersonChange[] },
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
  const loosened = inOrder(now.loosening);
  if (loosened.length > 0) {
    const changes = loosened.map(([path, { to }]) => describeChange(path, now.held?.[path], to));
    line.push(
      strong(' Looser'),
      `: ${changes.join('; ')}. This holds in 24 hours, or once two admins accept it ("accept policy"); until then the stricter of both does.`,
    );
  }
  const atOnce = inOrder(now.held ?? {})
    .filter(([path, value]) => before.held !== undefined && path in before.held && !isSame(before.held[path], value))
    .map(([path, value]) => describeChange(path, before.held?.[path], value));
  if (atOnce.length > 0) line.push(` From now on: ${atOnce.join('; ')}.`);
  const about = dangerous.flatMap((each) => each.person ?? []);
  await tellOfPolicy(change, policy, { organisation, before, about, line });
}

/** Tells whoever is of security or an admin now or was before, in the channels of now and of before. */
async function tellOfPolicy(
  change: Change,
  policy: Policy,
  {
    organisation,
    before,
    about,
    line,
  }: { organisation: Organisation; before: Seen; about: readonly string[]; line: readonly (string | Span)[] },
): Promise<void> {
  const everybody = everybodyOf(policy, before);
  const without = await accountsNotTold(change.tx, everybody, organisation, []);
  await notify(change, everybody, 'policy-changed', { about, line, without });
}

/** For notices: the people and the channels of this policy and of the one before. */
function everybodyOf(policy: Policy, before: Seen): Policy {
  const entries = new Map(policy.people.map((person) => [person.mailbox.toLowerCase(), person]));
  for (const { mailbox, roles, identities } of before.people) {
    const known = entries.get(mailbox);
    entries.set(mailbox, {
      ...(known ?? { name: mailbox, mailbox, mailboxes: [mailbox] }),
      identities: [...new Set([...(known?.identities ?? []), ...identities])],
      roles: [...new Set([...(known?.roles ?? []), ...Granted.array().parse(roles)])],
    });
  }
  const channels = Object.entries(policy.channels).map(([name, places]) => {
    const were = z.array(z.string()).catch([]).parse(before.held?.[`channels.${name}`]);
    return [name, [...new Set([...places, ...were])]];
  });
  return Policy.parse({ ...policy, people: [...entries.values()], channels: Object.fromEntries(channels) });
}

const Granted = Role.exclude(['user']);

/** undefined: this store never saw a policy of this organisation. */
async function seenPolicy(db: Kysely<Database>, organisation: Organisation): Promise<Seen | undefined> {
  return Seen.optional().parse(await readSetting(db, keyOf(organisation)));
}

function keyOf(organisation: Organisation): string {
  return `policy:${organisation}`;
}

function seenOf(policy: Policy, before: Seen | undefined, now: Date): Seen {
  const held: Record<string, unknown> = {};
  const loosening: Seen['loosening'] = {};
  for (const [path, to] of Object.entries(protectionsOf(policy))) {
    const was = before?.held === undefined || !(path in before.held) ? to : before.held[path];
    held[path] = stricterOf(path, was, to);
    if (isSame(held[path], to)) continue;
    const known = before?.loosening[path];
    loosening[path] = known !== undefined && isSame(known.to, to) ? known : { to, since: now, acceptedBy: [] };
  }
  return {
    held,
    loosening,
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

/** By their paths: the store gives them back in an order of its own. */
function inOrder<T>(parts: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(parts).sort(([one], [other]) => (one < other ? -1 : 1));
}
