import { personByGuid } from '../../directory/find.ts';
import { list, paragraph, text, time } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import { notifySecurity } from '../../notices/security.ts';
import { type ApprovalEnding, type ApprovalSubject, describeEnding } from '../approvals/approvals.ts';
import { brakeCounts } from '../brake/brake.ts';
import { DeviceFacts, deviceLabel, idEnding } from '../devices/device.ts';
import { incidentSubject } from '../incident/timeline.ts';
import { namesOf } from '../incident/view.ts';
import type { WipeEvent } from './machine.ts';
import { erases } from './scope.ts';
import { lockWipe, moveWipe } from './wipes.ts';

const endings = {
  denied: { kind: 'denied' },
  withdrawn: { kind: 'withdrawn' },
  expired: { kind: 'expired' },
  voided: { kind: 'voided' },
  lapsed: { kind: 'lapsed' },
} as const satisfies Record<ApprovalEnding, WipeEvent>;

/** A wipe waits for a second person. */
export const wipeSubject: ApprovalSubject = {
  kind: 'wipe',

  async describe({ db, approval, now, policy }) {
    const wipe = await db
      .selectFrom('wipe')
      .selectAll()
      .where('id', '=', Number(approval.subjectId))
      .executeTakeFirstOrThrow();
    const device = await db
      .selectFrom('incidentDevice')
      .select('facts')
      .where('incidentNumber', '=', wipe.incidentNumber)
      .where('number', '=', wipe.deviceNumber)
      .executeTakeFirstOrThrow();
    const facts = DeviceFacts.parse(device.facts);
    const owner = await personByGuid(db, wipe.mailboxGuid);
    const names = await namesOf(db, [wipe.requestedBy]);
    const ownerName = owner?.displayName ?? 'somebody not in the directory';
    const counts = await brakeCounts(db, {
      organisation: wipe.organisation,
      drill: wipe.drill,
      requester: wipe.requestedBy,
      now,
      policy,
    });
    const requester = names.get(wipe.requestedBy) ?? 'the requester';
    return {
      title: `${ownerName} · wipe ${facts.name} · ${wipe.scope}`,
      blocks: [
        {
          kind: 'fields',
          fields: [
            { label: 'Why', value: text(wipe.reason) },
            {
              label: 'Caller verified',
              value: text([wipe.verification.how, wipe.verification.note].filter((part) => part !== '').join(': ')),
            },
            {
              label: 'Phone',
              value: text(`${wipe.deviceNumber} · ${deviceLabel(facts)} · id ends in ${idEnding(facts)}`),
            },
            { label: 'Last sync', value: facts.lastSync === null ? text('never') : text(time(facts.lastSync)) },
            { label: 'Erases', value: text(erases(wipe.scope)) },
            {
              label: `${firstWord(ownerName)} was told`,
              value: text(
                wipe.ownerInformed
                  ? 'yes, that all data on the phone will be lost'
                  : wipe.scope === 'full'
                    ? 'no'
                    : 'not needed for this scope',
              ),
            },
            { label: 'Exchange notifies', value: text(wipe.notify.length === 0 ? 'nobody' : wipe.notify.join(', ')) },
          ],
        },
        list(
          text(
            `Today: ${counts.today} of ${policy.brake.perDay} wipes; ${requester}: ${counts.byRequester} of ${policy.brake.perRequesterAndDay}.`,
          ),
          ...(approval.needed > 1
            ? [text(`${ownerName} is a VIP: ${approval.needed} different people must approve.`)]
            : []),
        ),
      ],
    };
  },

  async approved(change, approval, policy, by) {
    const wipe = await lockWipe(change, Number(approval.subjectId));
    const decisions = await change.tx
      .selectFrom('approvalDecision')
      .select('actorGuid')
      .where('approvalId', '=', approval.id)
      .where('decision', '=', 'approve')
      .execute();
    const moved = await moveWipe(
      change,
      wipe,
      { kind: 'approved', given: decisions.length, needed: approval.needed },
      { by, evidence: { approval: approval.id, payloadHash: approval.payloadHash } },
    );
    if (moved === undefined) return;
    await change.enqueue('issue-wipe', { wipe: wipe.id }, { key: String(wipe.id) });
    await notifySecurity(change, policy, {
      incident: wipe.incidentNumber,
      line: [`wipe approved by ${by.person.displayName}`],
    });
  },

  async ended(change, approval, how, { policy, by, why }) {
    const wipe = await lockWipe(change, Number(approval.subjectId));
    const moved = await moveWipe(change, wipe, endings[how], {
      by,
      ...(why === null ? {} : { why }),
      set: { endedAt: change.now, heldBecause: null },
    });
    if (moved === undefined) return;
    const sentence = describeEnding(`The proposed wipe of phone ${wipe.deviceNumber}`, how, { by, why });
    const again = how === 'withdrawn' || how === 'denied' ? '' : ' Propose again if it is still needed.';
    await change.reply(incidentSubject(wipe.incidentNumber), {
      tone: how === 'withdrawn' ? 'neutral' : 'warning',
      blocks: [paragraph(`${sentence}${again} The hold stays open.`)],
    });
    await notifySecurity(change, policy, {
      incident: wipe.incidentNumber,
      tone: how === 'denied' || how === 'voided' ? 'warning' : 'neutral',
      line: [sentence],
    });
  },
};
