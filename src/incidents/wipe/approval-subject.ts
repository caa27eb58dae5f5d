import type { Kysely } from 'kysely';
import { loadCapabilities } from '../../exchange/stored-capabilities.ts';
import { list, paragraph, strong, text, time } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import { notify } from '../../notices/notify.ts';
import type { Database } from '../../store/schema.ts';
import { type ApprovalEnding, type ApprovalSubject, describeEnding } from '../approvals/subject.ts';
import { brakeCounts } from '../brake/brake.ts';
import { aboutPhone, deviceLabel, idEnding, typedConfirmation } from '../devices/device.ts';
import { incidentDeviceStatus } from '../devices/device-status.ts';
import { incidentSubject } from '../incident/timeline.ts';
import { type IncidentDevice, type IncidentView, loadIncident, requireDevice, type Wipe } from '../incident/view.ts';
import { incidentOf } from '../lock-order.ts';
import type { WipeEvent } from './machine.ts';
import { erases, needsTypedConfirmation } from './scope.ts';
import { whyNotWiped } from './wipeable.ts';
import { lockWipe, moveWipe } from './wipes.ts';

const endings = {
  denied: { kind: 'denied' },
  withdrawn: { kind: 'withdrawn' },
  expired: { kind: 'expired' },
  voided: { kind: 'voided' },
  lapsed: { kind: 'lapsed' },
} as const satisfies Record<ApprovalEnding, WipeEvent>;

/** A wipe waits for a second person. */
export const wipeSubject: ApprovalSubject<'wipe'> = {
  kind: 'wipe',

  async content(db, { subjectId }) {
    const { wipe, view, device } = await wipeOf(db, subjectId);
    const { facts } = device;
    const ownerName = view.owner.displayName;
    return {
      what: aboutPhone(ownerName, 'wipe', facts, wipe.scope),
      lines: [
        { label: 'Why', value: text(wipe.reason) },
        {
          label: 'Caller verified',
          value: text([wipe.verification.how, wipe.verification.note].filter((part) => part !== '').join(': ')),
        },
        {
          label: 'Phone',
          value: text(`${wipe.deviceNumber} · ${deviceLabel(facts)} · id ends in ${idEnding(facts)}`),
        },
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
      confirm: `${aboutPhone(ownerName, 'wipe', facts, wipe.scope)}. It erases ${erases(wipe.scope)}.`,
      ...(needsTypedConfirmation(wipe.scope) ? { typed: typedConfirmation(facts) } : {}),
    };
  },

  async describe({ db, approval, view: read, now, policy }) {
    const { wipe, view, device } = await wipeOf(db, approval.subjectId, read);
    const status = incidentDeviceStatus(view, device, await loadCapabilities(db, wipe.organisation));
    const counts = await brakeCounts(db, {
      organisation: wipe.organisation,
      drill: wipe.drill,
      requester: wipe.requestedBy,
      now,
      policy,
    });
    const requester = view.names.get(wipe.requestedBy) ?? 'the requester';
    return [
      {
        kind: 'fields',
        fields: [
          {
            label: 'As read',
            value: device.present
              ? text(time(device.readAt), ...status.line)
              : text(
                  strong('Exchange does not show this phone'),
                  ', read ',
                  time(device.readAt),
                  '; before',
                  ...status.line,
                ),
          },
          {
            label: 'In Exchange',
            value:
              status.remarks.length > 0
                ? status.remarks.flatMap((remark) => [...remark, ...text(' ')])
                : text(
                    device.present ? 'nothing else was asked of this phone' : 'what it holds for it now is not known',
                  ),
          },
          { label: 'How soon', value: text(status.reach.summary) },
        ],
      },
      list(
        text(
          `Today: ${counts.today} of ${policy.brake.perDay} wipes; ${requester}: ${counts.byRequester} of ${policy.brake.perRequesterAndDay}.`,
        ),
        ...(approval.needed > 1
          ? [text(`${view.owner.displayName} is a VIP: ${approval.needed} different people must approve.`)]
          : []),
      ),
    ];
  },

  async whyFallen(change, { subjectId, incidentNumber }) {
    // A wipe is asked for on its own incident, and both stay on it.
    await incidentOf(change, `wipe:${subjectId}`, async () => ({ incidentNumber }));
    return whyNotWiped(change, await lockWipe(change, Number(subjectId)));
  },

  async approved(change, approval, policy, by, approvals) {
    const wipe = await lockWipe(change, Number(approval.subjectId));
    const moved = await moveWipe(
      change,
      wipe,
      { kind: 'approved', given: approval.given, needed: approval.needed },
      { by, evidence: { approval: approval.id, payloadHash: approval.payloadHash } },
    );
    if (moved === undefined) return;
    await change.enqueue('issue-wipe', { wipe: wipe.id }, { key: String(wipe.id) });
    const { what } = await approvals.content(change.tx, approval);
    await notify(change, policy, 'wipe-approved', {
      incident: wipe.incidentNumber,
      line: [`wipe approved by ${by.person.displayName}: ${what}`],
    });
  },

  async ended(change, approval, how, { policy, by, why, what }) {
    const wipe = await lockWipe(change, Number(approval.subjectId));
    const moved = await moveWipe(change, wipe, endings[how], {
      by,
      ...(why === null ? {} : { why }),
      set: { endedAt: change.now, heldBecause: null },
    });
    if (moved === undefined) return;
    const sentence = describeEnding(`The proposal “${what}”`, how, { by, why });
    const again = how === 'withdrawn' || how === 'denied' ? '' : ' Propose again if it is still needed.';
    await change.reply(incidentSubject(wipe.incidentNumber), {
      tone: how === 'withdrawn' ? 'neutral' : 'warning',
      blocks: [paragraph(`${sentence}${again} The hold stays open.`)],
    });
    await notify(change, policy, `wipe-${how}`, {
      incident: wipe.incidentNumber,
      line: [sentence],
    });
  },
};

async function wipeOf(
  db: Kysely<Database>,
  subjectId: string,
  read?: IncidentView,
): Promise<{ wipe: Wipe; view: IncidentView; device: IncidentDevice }> {
  const known = read?.wipes.find(({ id }) => String(id) === subjectId);
  if (read !== undefined && known !== undefined) {
    return { wipe: known, view: read, device: requireDevice(read, known.deviceNumber) };
  }
  const wipe = await db.selectFrom('wipe').selectAll().where('id', '=', Number(subjectId)).executeTakeFirstOrThrow();
  const view = await loadIncident(db, wipe.incidentNumber);
  return { wipe, view, device: requireDevice(view, wipe.deviceNumber) };
}
