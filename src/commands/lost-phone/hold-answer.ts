/** Whether the password of a case's owner may be reset: for those who handle it, and for the owner. */
import { type Applies, describeApplies, waitsForNothing, whatApplies } from '../../incidents/hold/applies.ts';
import { holdQuestionAt } from '../../incidents/hold/rules.ts';
import { type IncidentView, requireDevice, type Wipe } from '../../incidents/incident/view.ts';
import { isOpen } from '../../incidents/wipe/state.ts';
import type { Span } from '../../message/model.ts';
import { strong, time } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import type { Policy } from '../../policy.ts';

type Words = (string | Span)[];

/** Not yet, why, what would be lost and until when; or yes, and since when. */
export function holdAnswer(view: IncidentView, policy: Policy): Words {
  const { incident, owner } = view;
  const name = firstWord(owner.displayName);
  if (incident.hold === 'closed') {
    const since: Words = incident.holdClosedAt === null ? ['.'] : [', since ', time(incident.holdClosedAt), '.'];
    return [
      strong('Yes'),
      ...since,
      ` ${name}'s password may be reset (INC-${incident.number}). ${incident.holdClosedWhy ?? ''}`,
    ];
  }
  const applies = whatApplies(view);
  if (applies.kind !== 'must-log-in') {
    return [...firstWords(applies), ...describeApplies(applies, view)];
  }
  return [
    strong('Not yet.'),
    ' ',
    ...whyNot(view, name),
    ` Do not disable the account, block or remove the phone, or suspend the SIM either. The thread of INC-${incident.number} says when it is safe; at the latest `,
    time(holdQuestionAt(incident, policy)),
    ' I ask a person to decide.',
  ];
}

/** Where a phone is not what is waited for; nothing where the rest says it all. */
function firstWords(applies: Applies): Words {
  if (applies.kind === 'shared-mailbox' || applies.kind === 'password-changed') return [];
  return [strong(waitsForNothing(applies) ? 'No phone stands against it.' : 'Not yet.'), ' '];
}

function whyNot(view: IncidentView, name: string): Words {
  const open = view.wipes.filter(({ state }) => isOpen(state));
  if (open.length === 0) {
    return [
      `No wipe of ${name}'s phone is on its way, and nobody has said that none is needed. If the password changes now, the phone can no longer log in and hears of no wipe.`,
    ];
  }
  return [
    ...open.flatMap(
      (wipe, index): Words => [
        index === 0 ? '' : ' ',
        `${name}'s ${requireDevice(view, wipe.deviceNumber).facts.name} `,
        ...howFar(wipe),
      ],
    ),
    ' If the password changes now, the phone can no longer log in, and the wipe is lost.',
  ];
}

function howFar({ state, requestedAt, sentAt }: Wipe): Words {
  const at = (instant: Date | null): Words => (instant === null ? [] : [' ', time(instant)]);
  if (state === 'sent') return ['was handed its wipe', ...at(sentAt), ' and has not acknowledged it.'];
  if (state === 'requested' || state === 'not-reported') {
    return ['has a wipe on its way (asked', ...at(requestedAt), ', not yet handed over).'];
  }
  if (state === 'refused-by-device') return ['refused its wipe; Exchange still holds the request.'];
  if (state === 'awaiting-approval') return ['has a wipe that waits for approval.'];
  return ['has a wipe that is being asked of Exchange.'];
}

/** What the owner is told: the lost phone may still speak for them, so neither what stops a wipe nor how long it takes. */
export function ownHoldAnswer({ incident }: IncidentView): Words {
  if (incident.hold === 'open') {
    return [
      strong('Not yet.'),
      ' Please do not change your password yourself. The helpdesk will tell you when, another way than by this phone.',
    ];
  }
  return incident.holdClosedAt === null
    ? [strong('Yes.'), ' You may change your password.']
    : [strong('Yes'), ', since ', time(incident.holdClosedAt), '. You may change your password.'];
}
