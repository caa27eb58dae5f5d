/**
 * The promises of trust, checked from outside by what the audit says in its own order and by what the lab's Exchange was
 * asked: whatever happened in between, by however many processes.
 */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { hashOfShown, Shown } from '../../src/incidents/approvals/remarks.ts';
import type { Policy } from '../../src/policy.ts';
import type { Database } from '../../src/store/schema.ts';

const tenMinutes = 10 * 60_000;
const day = 24 * 60 * 60_000;
const WipeData = z.object({ wipe: z.number() });
const Concerned = z.object({ person: z.string() });

/** What only somebody with a role does. */
const usesOfRights: readonly string[] = [
  'approval.approved',
  'approval.denied',
  'wipe.proposed',
  'wipes.unlocked',
  'roles-restored',
  'role.accepted',
  'policy.accepted',
];

export type TrustReport = { issued: number; broken: string[]; locks: number; brakes: number };

export async function checkTrust(db: Kysely<Database>, policy: Policy): Promise<TrustReport> {
  // All of one moment: a worker may issue the next wipe between two reads.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((tx) => checkMoment(tx, policy));
}

async function checkMoment(db: Kysely<Database>, policy: Policy): Promise<TrustReport> {
  const broken: string[] = [];
  const wipes = new Map((await db.selectFrom('wipe').selectAll().execute()).map((wipe) => [wipe.id, wipe]));
  const approvals = await db.selectFrom('approval').selectAll().where('subjectKind', '=', 'wipe').execute();
  const decisions = await db.selectFrom('approvalDecision').selectAll().execute();
  const reviews = new Set((await db.selectFrom('wipeReview').select('wipeId').execute()).map((row) => row.wipeId));
  const entries = await db
    .selectFrom('audit')
    .select(['seq', 'at', 'action', 'subject', 'data', 'incidentNumber', 'actorGuid'])
    .where('action', 'in', [
      ...['wipes.locked', 'wipes.unlocked', 'wipe.issuing', 'incident.closed', 'incident.opened-again'],
      ...['approval.shown', ...usesOfRights],
      ...['roles.suspended', 'roles-restored'],
    ])
    .orderBy('seq')
    .execute();

  const buttons = new Set(
    (await db.selectFrom('storedAction').select('args').where('command', '=', 'approve').execute()).flatMap(
      ({ args }) => {
        const parsed = Shown.safeParse(args);
        return parsed.success ? [`approval:${args.approval} ${hashOfShown(parsed.data)}`] : [];
      },
    ),
  );

  let locked = false;
  let locks = 0;
  let brakes = 0;
  let unlockedAt = 0;
  const issued: { at: number; requester: string }[] = [];
  const closed = new Set<number | null>();
  const shown = new Set<string>();
  const suspended = new Set<string>();
  for (const entry of entries) {
    const concerned = Concerned.safeParse(entry.data).data?.person ?? '';
    if (entry.action === 'roles.suspended') suspended.add(concerned);
    if (usesOfRights.includes(entry.action) && suspended.has(entry.actorGuid ?? ''))
      broken.push(`entry ${entry.seq}: ${entry.action} by somebody who is suspended`);
    if (entry.action === 'roles-restored') {
      if (entry.actorGuid === concerned) broken.push(`entry ${entry.seq}: somebody restored themselves`);
      suspended.delete(concerned);
    }
    if (entry.action === 'incident.closed') closed.add(entry.incidentNumber);
    if (entry.action === 'incident.opened-again') closed.delete(entry.incidentNumber);
    if (entry.action === 'approval.shown') shown.add(`${entry.actorGuid} ${showingOf(entry)}`);
    if (entry.action === 'approval.approved') {
      // A button carries what stood above it; the form of a wipe that is typed is shown to one person alone.
      if (!buttons.has(showingOf(entry))) broken.push(`${entry.subject}: approved by a button that nobody was shown`);
      const scope = wipes.get(Number(entry.data?.subject))?.scope;
      const isTyped = entry.data?.kind === 'wipe' && scope !== 'account-only';
      if (isTyped && !shown.has(`${entry.actorGuid} ${showingOf(entry)}`))
        broken.push(`${entry.subject}: approved by somebody who was not shown it`);
    }
    if (!/^wipes?\.(locked|unlocked|issuing)$/.test(entry.action)) continue;
    if (entry.action === 'wipe.issuing' && closed.has(entry.incidentNumber))
      broken.push(`entry ${entry.seq}: a wipe was issued on the closed INC-${entry.incidentNumber}`);
    const at = entry.at.getTime();
    if (entry.action === 'wipes.locked') {
      locked = true;
      locks += 1;
      if (entry.data?.cause === 'brake') brakes += 1;
      continue;
    }
    if (entry.action === 'wipes.unlocked') {
      locked = false;
      unlockedAt = at;
      continue;
    }
    const wipe = wipes.get(WipeData.parse(entry.data).wipe);
    if (wipe === undefined) {
      broken.push(`entry ${entry.seq}: a wipe was issued that is not in the store`);
      continue;
    }
    if (locked) broken.push(`wipe ${wipe.id} was issued under the lock`);
    const within = (span: number, since: number) => issued.filter((one) => at - one.at < span && one.at > since).length;
    if (within(tenMinutes, unlockedAt) >= policy.brake.perTenMinutes)
      broken.push(`wipe ${wipe.id}: too many in 10 minutes`);
    if (within(day, unlockedAt) >= policy.brake.perDay) broken.push(`wipe ${wipe.id}: too many in a day`);
    const own = issued.filter((one) => one.requester === wipe.requestedBy && at - one.at < day).length;
    if (own >= policy.brake.perRequesterAndDay) broken.push(`wipe ${wipe.id}: too many of one requester`);
    issued.push({ at, requester: wipe.requestedBy });

    if (wipe.breakGlassBy !== null) {
      if (!reviews.has(wipe.id)) broken.push(`wipe ${wipe.id}: break-glass without a review`);
      if (wipe.breakGlassBy === wipe.mailboxGuid) broken.push(`wipe ${wipe.id}: break-glass for the own phone`);
      continue;
    }
    const approval = approvals.find((row) => row.subjectId === String(wipe.id));
    const agreed = new Set(
      decisions
        .filter((made) => made.approvalId === approval?.id && made.decision === 'approve')
        .map((made) => made.actorGuid)
        .filter((guid) => guid !== wipe.requestedBy && guid !== wipe.mailboxGuid),
    );
    if (approval === undefined || agreed.size < approval.needed) broken.push(`wipe ${wipe.id}: one person alone`);
    if ([...agreed].filter((guid) => !suspended.has(guid)).length < (approval?.needed ?? 1))
      broken.push(`wipe ${wipe.id}: issued by the word of somebody who is suspended`);
  }

  const left = await db
    .selectFrom('incident')
    .innerJoin('wipe', 'wipe.incidentNumber', 'incident.number')
    .select(['incident.number', 'wipe.id', 'wipe.state'])
    .where('incident.state', '=', 'closed')
    .where('wipe.state', 'in', ['awaiting-approval', 'approved', 'issuing'])
    .execute();
  for (const { number, id, state } of left) {
    if (closed.has(number)) broken.push(`wipe ${id} is ${state} on the closed INC-${number}`);
  }

  const asked = await db.selectFrom('labLedger').select('target').where('cmdlet', '=', 'clear-mobile-device').execute();
  if (asked.length > issued.length) broken.push(`Exchange was asked ${asked.length} times for ${issued.length} wipes`);
  return { issued: issued.length, broken, locks, brakes };
}

function showingOf({ subject, data }: { subject: string; data: Record<string, unknown> | null }): string {
  return `${subject} ${data?.shown}`;
}
