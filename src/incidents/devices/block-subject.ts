import { z } from 'zod';
import { paragraph, strong } from '../../message/text.ts';
import { type ApprovalSubject, replyEnded } from '../approvals/approvals.ts';
import { loadIncident } from '../incident/view.ts';

const BlockPayload = z.object({
  incident: z.number().int(),
  device: z.number().int(),
  label: z.string(),
  deviceGuid: z.string(),
});

/** Blocking a device while the hold is open takes away its chance to hear of a wipe. */
export const blockDeviceSubject: ApprovalSubject = {
  kind: 'block-device',
  async describe({ db, approval }) {
    const payload = BlockPayload.parse(approval.payload);
    const view = await loadIncident(db, payload.incident);
    return {
      title: `${view.owner.displayName} · block phone ${payload.device} · ${payload.label}`,
      blocks: [
        paragraph(
          strong('The hold is still open.'),
          ' A blocked phone gets no mail, and it can no longer hear of a wipe. What is on it stays there.',
        ),
      ],
    };
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
  ended: (change, approval, how, input) => replyEnded(change, approval, 'The proposed block', how, input),
};
