import { z } from 'zod';
import { paragraph, strong, text } from '../../message/text.ts';
import { type ApprovalSubject, replyEnded } from '../approvals/subject.ts';
import { loadIncident, requireDevice } from '../incident/view.ts';
import { lockIncident } from '../lock-order.ts';
import { isOpen, outcomeWord } from '../wipe/machine.ts';
import { openWipeOf } from '../wipe/wipes.ts';
import { aboutPhone, idEnding, wipeTimesKnown } from './device.ts';
import { requestorName, wipeRequests } from './held-requests.ts';

const RemovePayload = z.object({
  incident: z.number().int(),
  device: z.number().int(),
  label: z.string(),
  deviceGuid: z.string(),
  /** The wipe of this phone that was open when this was asked for, and that its approver is shown; null: none. */
  wipe: z.number().int().nullable().default(null),
});

/** Removing a partnership while a wipe is open ends that wipe: the only way to save a phone found too late. */
export const removeDeviceSubject: ApprovalSubject<'remove-device'> = {
  kind: 'remove-device',
  async content(db, request) {
    const payload = RemovePayload.parse(request.payload);
    const view = await loadIncident(db, payload.incident);
    const { facts } = requireDevice(view, payload.device);
    return {
      what: aboutPhone(view.owner.displayName, `remove phone ${payload.device}`, facts),
      lines: [{ label: 'Phone', value: text(`${payload.device} · ${payload.label} · id ends in ${idEnding(facts)}`) }],
      confirm:
        'The partnership is removed from Exchange, and with it a wipe that it holds or that waits. What is on the phone stays there.',
    };
  },
  async describe({ db, approval, view: read }) {
    const payload = RemovePayload.parse(approval.payload);
    const view = read ?? (await loadIncident(db, payload.incident));
    const device = requireDevice(view, payload.device);
    const open = view.wipes.find((wipe) => wipe.deviceGuid === device.guid && isOpen(wipe.state));
    const others = wipeRequests(device.facts).filter(
      (request) => request.acknowledgedAt === null && request.requestedAt !== open?.requestedAt?.toISOString(),
    );
    const ends = [
      ...(open === undefined ? [] : [`our wipe of this phone (${open.scope}, ${outcomeWord(open.state)})`]),
      ...others.map((request) => `the ${request.scope} wipe that ${requestorName(request)} asked for`),
    ];
    return [
      paragraph(
        ...(ends.length > 0
          ? [
              strong(`This ends ${ends.join(', and ')}.`),
              ' The partnership is removed from Exchange, and the wipe with it: nothing is erased when the phone connects. Right only when the phone was found and the owner was verified.',
            ]
          : [
              strong('The partnership is removed from Exchange.'),
              wipeTimesKnown(device.facts)
                ? ' Exchange holds no wipe of this phone that this would end. What is on the phone stays there.'
                : ' Whether Exchange holds a wipe of this phone is not known; one that it holds would end. What is on the phone stays there.',
            ]),
      ),
    ];
  },
  async whyFallen(change, { payload }) {
    const { incident, deviceGuid, wipe: shown } = RemovePayload.parse(payload);
    await lockIncident(change, incident);
    const wipe = await openWipeOf(change.tx, deviceGuid);
    if (wipe?.state === 'awaiting-approval' && wipe.id !== shown)
      return 'A wipe of this phone was asked for since, and the partnership would take it along.';
    if (wipe?.state !== 'approved' && wipe?.state !== 'issuing') return undefined;
    return `A wipe of this phone is ${outcomeWord(wipe.state)} since: withdraw it, or wait until Exchange was asked.`;
  },
  async approved(change, approval) {
    const payload = RemovePayload.parse(approval.payload);
    await change.enqueue(
      'remove-device',
      { incident: payload.incident, device: payload.device, by: approval.requestedBy, approval: approval.id },
      { key: `approval-${approval.id}` },
    );
  },
  ended: replyEnded,
};
