/**
 * What must hold before a bot may run on a restored backup. Between the backup and now the world went on: nothing that waited then is
 * decided or done now, and what may have been done is read.
 */
import { sql } from 'kysely';
import { appendGap, type Gap } from '../audit/gap.ts';
import type { Signature } from '../audit/signature.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Approvals } from '../incidents/approvals/approvals.ts';
import { approvalSubjectOf } from '../incidents/approvals/subject.ts';
import { setLock } from '../incidents/brake/brake.ts';
import { incidentSubject } from '../incidents/incident/timeline.ts';
import { addLostRange } from '../incidents/lost-range.ts';
import { coolAnew, suspendAnew } from '../incidents/roles/after-restore.ts';
import { readWipesAnew } from '../incidents/wipe/after-restore.ts';
import { strong, time } from '../message/text.ts';
import { counted } from '../message/words.ts';
import { notify } from '../notices/notify.ts';
import type { Policy } from '../policy.ts';
import type { Change } from '../store/port.ts';

export type AfterRestore = {
  policy: Policy;
  approvals: Approvals;
  organisation: Organisation;
  /** When the backup was taken, and the hash of its manifest. */
  takenAt: Date;
  manifest: string;
  /** Whether the manifest was signed with a key that this host knew before. */
  known: boolean;
  /** Entries of the chain by the newest checkpoint that was found; null without one. */
  lastKnown: number | null;
  sign: (body: object) => Signature;
  processUser: string;
};

export type Restored = { gap: Gap; wipesRead: number; suspended: number; voided: number };

/** In one transaction; while it has not committed, no bot starts on the store. */
export async function afterRestore(change: Change, input: AfterRestore): Promise<Restored> {
  const { policy, approvals, organisation, takenAt, lastKnown, sign, processUser } = input;
  const gap = await appendGap(change.tx, change.now, { known: lastKnown, from: takenAt, sign });
  await addLostRange(change, { from: takenAt, until: change.now });
  await silence(change);
  await setLock(change, {
    state: 'locked',
    cause: 'restore',
    by: null,
    reason: `a backup of ${takenAt.toISOString().slice(0, 16).replace('T', ' ')} UTC was restored`,
  });
  // First the wipes: what their approvals would call void may have been asked for.
  const wipesRead = await readWipesAnew(change, policy);
  const voided = await voidApprovals(change, policy, approvals);
  await coolAnew(change, organisation);
  const suspended = await suspendAnew(change);
  await planAnew(change);
  change.audit({
    action: 'backup.restored',
    subject: 'backup',
    actor: { guid: null, identity: `process:${processUser}` },
    data: {
      from: gap.from,
      entries: gap.kept,
      manifest: input.manifest,
      signer: input.known ? 'known' : 'not known to this host',
      wipesRead,
      voided,
      suspended,
    },
  });
  await notify(change, policy, 'backup-restored', {
    line: [
      strong('A backup was restored'),
      ', of ',
      time(takenAt),
      `, by the user ${processUser} of the host. What was reported, decided or done between then and now is not known to me: report and ask again what came in that time. `,
      `Wipes are locked until two admins unlock them; ${counted(voided, 'request')} that waited ${voided === 1 ? 'is' : 'are'} void; of ${counted(wipesRead, 'wipe')} I read in Exchange whether ${wipesRead === 1 ? 'it was' : 'they were'} asked for. Approvers, security and admins cool off anew. If you do not know of this restore, look at the host.`,
    ],
    key: gap.until,
  });
  return { gap, wipesRead, suspended, voided };
}

/** Tables of what was handed out or wished for then: by nothing of it may anybody act now. */
export const emptied = ['work', 'approval_code'] as const;

/** Nothing of then is said, pressed or carried out now. */
async function silence({ tx, now }: Change): Promise<void> {
  for (const table of emptied) await sql`delete from ${sql.table(table)}`.execute(tx);
  await sql`delete from stored_action where used_at is null`.execute(tx);
  await sql`delete from setting where key like 'process:%'`.execute(tx);
  await sql`update inbox set state = 'too-old', incoming = '{}', handled_at = ${now} where state = 'stored'`.execute(
    tx,
  );
  await sql`update delivery set state = 'dropped', draft = null, done_at = ${now}, problem = 'a backup was restored'
    where state = 'waiting'`.execute(tx);
  await sql`update card set shown = wanted, shown_hash = null where shown < wanted`.execute(tx);
}

async function voidApprovals(change: Change, policy: Policy, approvals: Approvals): Promise<number> {
  const why =
    'A backup was restored, and whether it was decided or carried out meanwhile is not known. Ask again if it is still needed.';
  const open = await change.tx
    .selectFrom('approval')
    .selectAll()
    .where('state', 'in', ['waiting', 'approved'])
    .orderBy('incidentNumber')
    .orderBy('id')
    .execute();
  for (const approval of open) {
    if (approval.subjectKind !== 'wipe') {
      // It was approved: by now it may have been carried out.
      const asked = approval.state === 'approved' && !['unlock', 'forget'].includes(approval.subjectKind);
      if (asked && approval.askedAt === null)
        await change.tx.updateTable('approval').set({ askedAt: change.now }).where('id', '=', approval.id).execute();
      await approvals.end(change, policy, approval, 'voided', { by: null, why });
      continue;
    }
    // Its wipe is read by now, and not void.
    await change.tx
      .updateTable('approval')
      .set({ state: 'voided', closedAt: change.now, reason: why })
      .where('id', '=', approval.id)
      .execute();
    change.audit({
      action: 'approval.voided',
      subject: approvalSubjectOf(approval.id),
      ...(approval.incidentNumber === null ? {} : { incident: approval.incidentNumber }),
      data: { kind: approval.subjectKind, subject: approval.subjectId, why: 'restored' },
    });
    await change.refresh(approvalSubjectOf(approval.id));
  }
  return open.length;
}

/** What comes by itself: phones of open incidents are read, and what was to be asked or reminded of is planned again. */
async function planAnew(change: Change): Promise<void> {
  const incidents = await change.tx
    .selectFrom('incident')
    .select(['number', 'hold'])
    .where('state', '=', 'open')
    .orderBy('number')
    .execute();
  for (const { number: incident, hold } of incidents) {
    await change.refresh(incidentSubject(incident));
    await change.enqueue('read-devices', { incident }, { key: String(incident) });
    if (hold === 'open') await change.enqueue('ask-hold', { incident }, { key: `${incident}-restored` });
  }
  const reviews = await change.tx
    .selectFrom('wipeReview')
    .select(['id', 'dueAt'])
    .where('closedAt', 'is', null)
    .execute();
  for (const { id, dueAt } of reviews)
    await change.enqueue('remind-review', { review: id }, { key: `${id}-restored`, dueAt });
  const reports = await change.tx
    .selectFrom('appReport')
    .select(['id', 'nextAt'])
    .where('stoppedAt', 'is', null)
    .execute();
  for (const { id, nextAt } of reports)
    await change.enqueue('send-report', { report: id }, { key: String(id), dueAt: nextAt });
}
