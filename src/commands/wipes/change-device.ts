/** Blocking, unblocking and removing one phone: done at once, or after a second person's approval where it may stop a wipe. */
import { z } from 'zod';
import { requestApproval } from '../../incidents/approvals/request.ts';
import type { ApprovalSubject } from '../../incidents/approvals/subject.ts';
import { blockDeviceSubject } from '../../incidents/devices/block-subject.ts';
import { aboutPhone, phoneName } from '../../incidents/devices/device.ts';
import { refuseWhileUndecided, refuseWhileWiping } from '../../incidents/devices/device-changes.ts';
import { unfinishedOfOthers, unfinishedRequests } from '../../incidents/devices/held-requests.ts';
import { removeDeviceSubject } from '../../incidents/devices/remove-subject.ts';
import { record } from '../../incidents/incident/timeline.ts';
import type { TimelineEvent } from '../../incidents/incident/timeline-event.ts';
import { type IncidentDevice, type IncidentView, loadIncident, requireDevice } from '../../incidents/incident/view.ts';
import { lockIncident } from '../../incidents/lock-order.ts';
import { outcomeWord } from '../../incidents/wipe/machine.ts';
import { latestWipe, openWipeOf } from '../../incidents/wipe/wipes.ts';
import type { SpokenIntent } from '../../language/reading/intent.ts';
import { notify } from '../../notices/notify.ts';
import type { Change } from '../../store/port.ts';
import type { JobPayloads } from '../../store/work.ts';
import { DeviceArgument, IncidentArgument, privateAnswer, requireOpenIncident } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { refusal } from '../refusal.ts';
import { defineDeviceCommand } from '../targets.ts';

const DeviceChangeArgs = z.object({ incident: IncidentArgument, device: DeviceArgument.optional() });
type Target = { view: IncidentView; device: IncidentDevice };

function defineDeviceChange(
  record: Pick<Command<z.infer<typeof DeviceChangeArgs>>, 'effect' | 'summary' | 'details'> & {
    verb: 'block' | 'unblock' | 'remove';
    mustBeOpen?: boolean;
    run(context: CommandContext, target: Target): ReturnType<Command<unknown>['run']>;
  },
): Command<z.infer<typeof DeviceChangeArgs>> {
  const { verb, run, ...rest } = record;
  return defineDeviceCommand({
    ...rest,
    id: `${verb}-device`,
    topic: 'wipes',
    patterns: [`${verb} device <incident> <device>`, `${verb} device <incident>`],
    examples: [`${verb} device INC-104 1`],
    args: DeviceChangeArgs,
    roles: ['helpdesk', 'security', 'admin'],
    ...(verb === 'remove' ? {} : { intents: [deviceIntent(verb)] }),
    run: (context, _args, target) => run(context, target),
  });
}

function deviceIntent(verb: 'block' | 'unblock'): SpokenIntent {
  const title = verb === 'block' ? 'Block a phone' : 'Let a blocked phone in again';
  return {
    title,
    needs: [verb, ['phone', 'here'], 'case', 'told'],
    likes: ['phone'],
    never: ['app', 'account', 'password'],
    about: 'case',
  };
}

type Plan = {
  event: TimelineEvent;
  /** Of the payload, what this subject alone needs. */
  payload?: Record<string, unknown>;
  subject: ApprovalSubject | undefined;
  enqueue(change: Change, payload: JobPayloads['remove-device']): Promise<void>;
};

/**
 * Notes what was asked for; then a subject waits for a second person, or the change starts at once: as `plan` says of the incident as
 * it is under its lock. Answers whether it waits.
 */
async function changeDevice(
  { store, policy, actor, approvals }: CommandContext,
  { view: seen, device: { number } }: Target,
  plan: (fresh: Target, change: Change) => Promise<Plan>,
): Promise<boolean> {
  const incident = seen.incident.number;
  return await store.change(async (change) => {
    await lockIncident(change, incident);
    const view = await loadIncident(change.tx, incident);
    const device = requireDevice(view, number);
    const { event, subject, payload, enqueue } = await plan({ view, device }, change);
    if (subject !== undefined && (await approvals.standing(change, policy, subject.kind, `${incident}-${number}`))) {
      throw refusal(
        'already-asked',
        `Somebody has asked for this already, and it waits: say "approvals" to read it, or "withdraw INC-${incident} ${number}".`,
      );
    }
    await record(change, { incident, by: actor, ...event });
    if (subject === undefined) {
      await enqueue(change, { incident, device: number, by: actor.person.guid, approval: null });
      return false;
    }
    await requestApproval(change, policy, {
      subject,
      subjectId: `${incident}-${number}`,
      incident,
      organisation: view.incident.organisation,
      payload: { incident, device: number, label: device.label, deviceGuid: device.guid, ...payload },
      ownerGuid: view.owner.guid,
      role: 'approver',
      needed: 1,
      by: actor,
    });
    const verb = subject === blockDeviceSubject ? 'block' : 'remove';
    await notify(change, policy, 'device-change-asked', {
      incident,
      line: [
        `${actor.person.displayName} asks for: ${aboutPhone(view.owner.displayName, `${verb} phone ${number}`, device.facts)}; waits for an approver`,
      ],
    });
    return true;
  });
}

/** A phone is blocked by its own id. Throws MislaidError `no-device-id`. */
function requireDeviceId({ number, facts }: IncidentDevice): void {
  if (facts.deviceId !== '') return;
  throw refusal(
    'no-device-id',
    `Exchange does not tell the id of phone ${number}, by which it is blocked. I read it again; look with Get-MobileDevice.`,
  );
}

export const blockDeviceCommand = defineDeviceChange({
  verb: 'block',
  effect: 'change',
  summary: 'Block one phone in Exchange',
  details:
    'A blocked phone can no longer hear of a wipe: while the hold is open, or a wipe of it waits, a second person must approve, and from approval to acknowledgement of a wipe I refuse.',
  mustBeOpen: true,
  async run(context, target) {
    const { view, device } = target;
    requireDeviceId(device);
    const needsApproval = await changeDevice(context, target, async (fresh, change) => {
      requireOpenIncident(fresh.view, context.actor);
      await refuseWhileWiping(change.tx, device.guid, 'block');
      const wipe = await openWipeOf(change.tx, device.guid);
      // What was given up stops nothing any more; what others asked of Exchange may still arrive.
      const others = unfinishedOfOthers(fresh.device.facts, fresh.view.ownRequests.get(device.guid));
      const waits = fresh.view.incident.hold === 'open' || wipe !== undefined || others.length > 0;
      return {
        event: { kind: 'device.block-asked', data: { device: device.number, needsApproval: waits } },
        subject: waits ? blockDeviceSubject : undefined,
        payload: { wipe: wipe?.id ?? null },
        enqueue: (work, payload) => work.enqueue('block-device', { ...payload, blocked: true }),
      };
    });
    return privateAnswer(
      needsApproval
        ? `A blocked phone can no longer hear of a wipe: I have asked for an approval of “${aboutPhone(view.owner.displayName, `block phone ${device.number}`, device.facts)}”.`
        : `I am blocking phone ${device.number}, ${phoneName(device.facts)}; the thread says when Exchange shows it.`,
    );
  },
});

export const unblockDeviceCommand = defineDeviceChange({
  verb: 'unblock',
  effect: 'change',
  summary: 'Take a phone off the block list of its mailbox',
  details:
    'While a wipe of it waits to be asked of Exchange I refuse: it would be void, because its phone is another then.',
  async run(context, target) {
    const { number } = target.device;
    requireDeviceId(target.device);
    await changeDevice(context, target, async ({ device }, change) => {
      await refuseWhileUndecided(change.tx, device.guid);
      return {
        event: { kind: 'device.unblock-asked', data: { device: number } },
        subject: undefined,
        enqueue: (work, payload) => work.enqueue('block-device', { ...payload, blocked: false }),
      };
    });
    return privateAnswer(
      `I am taking phone ${number}, ${phoneName(target.device.facts)}, off the block list; the thread says when Exchange shows it.`,
    );
  },
});

export const removeDeviceCommand = defineDeviceChange({
  verb: 'remove',
  effect: 'destroy',
  summary: "Remove a phone's partnership from Exchange",
  details:
    'After the acknowledgement: so that the phone is not wiped again if it comes back. Before it: it ends the wipe, which needs a second person, and is the only way to save a phone found too late.',
  async run(context, target) {
    const { view, device } = target;
    const { number } = device;
    if (!device.present) {
      return privateAnswer(
        `Exchange did not show phone ${number} when it was last read, so there is nothing that I could remove now. I read it again.`,
      );
    }
    const needsApproval = await changeDevice(context, target, async (fresh, change) => {
      const open = await openWipeOf(change.tx, device.guid);
      const wipe = latestWipe(fresh.view.wipes, number);
      if (wipe?.state === 'approved' || wipe?.state === 'issuing') {
        throw refusal(
          'wipe-on-its-way',
          `I will not remove phone ${number} now: its wipe is ${outcomeWord(wipe.state)}. Withdraw it, or wait until Exchange was asked.`,
        );
      }
      // Without an acknowledgement the partnership's end is the wipe's end, or the hold's: a second person looks first.
      const waits = wipe?.state !== 'acknowledged' || unfinishedRequests(fresh.device.facts).length > 0;
      return {
        event: { kind: 'device.remove-asked', data: { device: number, needsApproval: waits } },
        subject: waits ? removeDeviceSubject : undefined,
        payload: { wipe: open?.id ?? null },
        enqueue: (work, payload) => work.enqueue('remove-device', payload),
      };
    });
    return privateAnswer(
      needsApproval
        ? `This ends the chance of a wipe, so a second person must approve “${aboutPhone(view.owner.displayName, `remove phone ${number}`, device.facts)}”: I have asked.`
        : `I read the acknowledgement once more and then remove phone ${number}, ${phoneName(device.facts)}; the thread says how it ended.`,
    );
  },
});
