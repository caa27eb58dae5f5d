import { z } from 'zod';
import { paragraph, strong, text } from '../../message/text.ts';
import { type ApprovalSubject, replyEnded } from '../approvals/subject.ts';
import { loadIncident, requireDevice } from '../incident/view.ts';
import { lockIncident } from '../lock-order.ts';
import { blocksDeviceChanges, outcomeWord } from '../wipe/machine.ts';
import { openWipeOf } from '../wipe/wipes.ts';
import { aboutPhone, idEnding } from './device.ts';

const BlockPayload = z.object({
  incident: z.number().int(),
  device: z.number().int(),
  label: z.string(),
  deviceGuid: z.string(),
});

/** Blocking a device while the hold is open takes away its chance to hear of a wipe. */
export const blockDeviceSubject: ApprovalSubject = {
  kind: 'block-device',
  async content(db, request) {
    const payload = BlockPayload.parse(request.payload);
    const view = await loadIncident(db, payload.incident);
    const { facts } = requireDevice(view, payload.device);
    return {
      what: aboutPhone(view.owner.displayName, `block phone ${payload.device}`, facts),
      lines: [{ label: 'Phone', value: text(`${payload.device} · ${payload.label} · id ends in ${idEnding(facts)}`) }],
      confirm: 'The phone gets no mail, and it can no longer hear of a wipe. What is on it stays there.',
    };
  },
  async describe() {
    return [
      paragraph(
        strong('The hold is still open.'),
        ' A blocked phone gets no mail, and it can no longer hear of a wipe. What is on it stays there.',
      ),
    ];
  },
  async whyFallen(change, { payload }) {
    const { incident, deviceGuid } = BlockPayload.parse(payload);
    const { state } = await lockIncident(change, incident);
    if (state === 'closed') return `INC-${incident} is closed.`;
    const wipe = await openWipeOf(change.tx, deviceGuid);
    if (wipe === undefined || !blocksDeviceChanges(wipe.state)) return undefined;
    return `A wipe of this phone is ${outcomeWord(wipe.state)} since, and a blocked phone never hears of it.`;
  },
  async approved(change, approval) {
    const payload = BlockPayload.parse(approval.payload);
    await change.enqueue(
      'block-device',
      {
        incident: payload.incident,
        device: payload.device,
        by: approval.requestedBy,
        approval: approval.id,
        blocked: true,
      },
      { key: `approval-${approval.id}` },
    );
  },
  ended: replyEnded,
};
