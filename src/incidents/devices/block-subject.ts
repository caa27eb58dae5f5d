import type { Kysely } from 'kysely';
import { z } from 'zod';
import { paragraph, strong, text } from '../../message/text.ts';
import type { Database } from '../../store/schema.ts';
import { type ApprovalSubject, replyEnded } from '../approvals/subject.ts';
import { loadIncident, requireDevice } from '../incident/view.ts';
import { lockedIncident } from '../lock-order.ts';
import { blocksDeviceChanges, outcomeWord } from '../wipe/machine.ts';
import { openWipeOf } from '../wipe/wipes.ts';
import { aboutPhone, type DeviceFacts, idEnding } from './device.ts';
import { requestorName, unfinishedRequests } from './held-requests.ts';

const BlockPayload = z.object({
  incident: z.number().int(),
  device: z.number().int(),
  label: z.string(),
  deviceGuid: z.string(),
  /** The wipe of this phone that was open when this was asked for, and that its approver is shown; null: none. */
  wipe: z.number().int().nullable().default(null),
});

/** Blocking a device while the hold is open, or a wipe of it is, takes away its chance to hear of a wipe. */
export const blockDeviceSubject: ApprovalSubject<'block-device'> = {
  kind: 'block-device',
  async content(db, request) {
    const payload = BlockPayload.parse(request.payload);
    const view = await loadIncident(db, payload.incident);
    const { facts } = requireDevice(view, payload.device);
    return {
      what: aboutPhone(view.owner.displayName, `block phone ${payload.device}`, facts),
      lines: [
        { label: 'Phone', value: text(`${payload.device} · ${payload.label} · id ends in ${idEnding(facts)}`) },
        ...(await stoppedBy(db, payload, facts)).map((value) => ({ label: 'Stops', value })),
      ],
      confirm: 'The phone gets no mail, and it can no longer hear of a wipe. What is on it stays there.',
    };
  },
  async describe({ db, approval, view }) {
    const { incident } = view ?? (await loadIncident(db, BlockPayload.parse(approval.payload).incident));
    return [
      paragraph(
        ...(incident.hold === 'open' ? [strong('The hold is still open.'), ' '] : []),
        'A blocked phone gets no mail, and it can no longer hear of a wipe. What is on it stays there.',
      ),
    ];
  },
  async whyFallen(change, { payload }) {
    const { incident, deviceGuid, wipe: shown } = BlockPayload.parse(payload);
    const { state } = await lockedIncident(change, incident);
    if (state === 'closed') return `INC-${incident} is closed.`;
    const wipe = await openWipeOf(change.tx, deviceGuid);
    if (wipe === undefined) return undefined;
    if (blocksDeviceChanges(wipe.state))
      return `A wipe of this phone is ${outcomeWord(wipe.state)} since, and a blocked phone never hears of it.`;
    if (wipe.id === shown) return undefined;
    return 'A wipe of this phone was asked for since, and a blocked phone never hears of it.';
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

/** Each wipe that the phone would no longer hear of: ours, and what others asked of Exchange. */
async function stoppedBy(db: Kysely<Database>, { wipe: id }: z.infer<typeof BlockPayload>, facts: DeviceFacts) {
  const wipe =
    id === null
      ? undefined
      : await db
          .selectFrom('wipe')
          .innerJoin('person', 'person.guid', 'wipe.requestedBy')
          .select(['wipe.scope', 'wipe.state', 'wipe.requestedAt', 'person.displayName'])
          .where('wipe.id', '=', id)
          .executeTakeFirst();
  const others = unfinishedRequests(facts).filter(
    ({ requestedAt }) => Date.parse(requestedAt) !== wipe?.requestedAt?.getTime(),
  );
  return [
    ...(wipe === undefined
      ? []
      : [text(`the ${wipe.scope} wipe asked for by ${wipe.displayName}, which ${outcomeWord(wipe.state)}`)]),
    ...others.map((request) =>
      text(`the ${request.scope} wipe that Exchange holds, asked for by ${requestorName(request)}`),
    ),
  ];
}
