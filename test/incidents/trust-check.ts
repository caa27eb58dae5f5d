/**
 * The promises of trust, checked from outside by what the audit says in its own order and by what the lab's Exchange was
 * asked: whatever happened in between, by however many processes.
 */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Policy } from '../../src/policy.ts';
import type { Database } from '../../src/store/schema.ts';

const tenMinutes = 10 * 60_000;
const day = 24 * 60 * 60_000;
const WipeData = z.object({ wipe: z.number() });

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
    .select(['seq', 'at', 'action', 'data'])
    .where('action', 'in', ['wipes.locked', 'wipes.unlocked', 'wipe.issuing'])
    .orderBy('seq')
    .execute();

  let locked = false;
  let locks = 0;
  let brakes = 0;
  let unlockedAt = 0;
  const issued: { at: number; requester: string }[] = [];
  for (const entry of entries) {
    const at = entry.at.getTime();
    if (entry.action === 'wipes.locked') {
      locked = true;
      locks += 1;
      if (entry.data.cause === 'brake') brakes += 1;
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
  }

  const asked = await db.selectFrom('labLedger').select('target').where('cmdlet', '=', 'clear-mobile-device').execute();
  if (asked.length > issued.length) broken.push(`Exchange was asked ${asked.length} times for ${issued.length} wipes`);
  return { issued: issued.length, broken, locks, brakes };
}
