import { z } from 'zod';
import { paragraph, strong } from '../../message/text.ts';
import { type ApprovalSubject, replyEnded } from '../approvals/approvals.ts';
import { loadIncident } from '../incident/view.ts';

const RemovePayload = z.object({
  incident: z.number().int(),
  device: z.number().int(),
  label: z.string(),
  deviceGuid: z.string(),
});

/** Removing a partnership while a wipe is open ends that wipe: the only way to save a phone found too late. */
export const removeDeviceSubject: ApprovalSubject = {
  kind: 'remove-device',
  async describe({ db, approval }) {
    const payload = RemovePayload.parse(approval.payload);
    const view = await loadIncident(db, payload.incident);
    return {
      title: `${view.owner.displayName} · remove phone ${payload.device} · ${payload.label}`,
      blocks: [
        paragraph(
          strong('This ends the wipe of this phone.'),
          ' The partnership is removed from Exchange, and the wipe with it: the phone will not be erased when it connects. Right only when the phone was found and the owner was verified.',
        ),
      ],
    };
  },
  async approved(change, approval) {
    const payload = RemovePayload.parse(approval.payload);
    await change.enqueue(
      'remove-device',
      { incident: payload.incident, device: payload.device, by: approval.requestedBy, approval: approval.id },
      { key: `approval-${approval.id}` },
    );
  },
  ended: (change, approval, how, input) =>
    replyEnded(change, approval, 'The proposed removal of the partnership', how, input),
};
