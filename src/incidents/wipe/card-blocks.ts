import { assertNever } from '../../ground/errors.ts';
import type { Block, Intent, StepMark, Text } from '../../message/model.ts';
import { button, buttons, note, paragraph, strong, text, time } from '../../message/text.ts';
import type { Policy } from '../../policy.ts';
import { askedNote, type PagedPerson } from '../approvals/paging.ts';
import { pulledBy } from '../brake/brake.ts';
import { holdsRequest, phoneName, wipeTimesKnown } from '../devices/device.ts';
import { offersResetAnyway } from '../hold/rules.ts';
import type { Approval, Decision, IncidentView, Wipe, WipeTransition } from '../incident/view.ts';
import { notReached, refusedBlocks, removalButtons, wipeLabel } from './ladder-blocks.ts';
import { outcomeWord } from './machine.ts';
import { timesFor } from './request-proof.ts';
import { approvalLost, askingLost } from './restored-steps.ts';
import { promiseOf, stillErased } from './scope.ts';

/** `paged`: by approval, who was written to about it. */
export type WipeBlocksInput = {
  view: IncidentView;
  now: Date;
  policy: Policy;
  paged: ReadonlyMap<number, readonly PagedPerson[]>;
};

type FullWipe = Wipe & { transitions: readonly WipeTransition[] };

/** How far each wipe got: steps on one card, what it waits for and until when. */
export function wipeBlocks({ view, now, policy, paged }: WipeBlocksInput): Block<Intent>[] {
  const newest = new Map<number, FullWipe>();
  for (const wipe of view.wipes) newest.set(wipe.deviceNumber, wipe);
  return [...newest.values()].flatMap((wipe) => oneWipe(wipe, view, now, policy, paged));
}

function oneWipe(
  wipe: FullWipe,
  view: IncidentView,
  now: Date,
  policy: Policy,
  paged: WipeBlocksInput['paged'],
): Block<Intent>[] {
  const device = view.devices.find((candidate) => candidate.number === wipe.deviceNumber);
  const what = `${wipe.deviceNumber} · ${device === undefined ? 'phone' : phoneName(device.facts)}, ${wipe.scope}`;
  const approval = view.approvals.find(
    (candidate) => candidate.subjectKind === 'wipe' && candidate.subjectId === String(wipe.id),
  );
  const requester = view.names.get(wipe.requestedBy) ?? 'somebody';
  switch (wipe.state) {
    case 'awaiting-approval':
      return [
        paragraph(
          strong(`Wipe proposed · ${what}`),
          ` — waits for ${waitsFor(approval)} other than ${requester}, until `,
          ...(approval === undefined ? ['then'] : [time(approval.expiresAt)]),
          '.',
        ),
        note(`“${wipe.reason}” Caller verified: ${verified(wipe)}.`),
        ...askedNote((approval && paged.get(approval.id)) ?? []),
        ...lockLine(view),
        buttons(
          button(wipeLabel('Withdraw wipe', wipe, view), 'withdraw', {
            incident: wipe.incidentNumber,
            ...(approval === undefined ? {} : { approval: approval.id }),
          }),
        ),
      ];
    case 'denied':
    case 'withdrawn':
    case 'expired':
    case 'voided':
      return [paragraph(strong(`Wipe ${outcomeWord(wipe.state)} · ${what}`), why(wipe))];
    case 'approved':
    case 'issuing':
    case 'requested':
    case 'sent':
    case 'acknowledged':
    case 'not-asked':
    case 'cancelled':
    case 'refused-by-device':
    case 'given-up':
    case 'not-reported':
    case 'partnership-removed':
      return [
        paragraph(
          strong(`Wipe of ${what}`),
          ` — asked for by ${requester}: “${wipe.reason}” Caller verified: ${verified(wipe)}.`,
        ),
        { kind: 'steps', steps: steps(wipe, view, approval) },
        ...waiting(wipe, view, now, policy, approval),
      ];
    default:
      return assertNever(wipe.state, 'wipe state');
  }
}

/** While the lock is on, everything that is not issued yet waits for it. */
function lockLine({ lock, names }: IncidentView): Block<Intent>[] {
  if (!lock.locked) return [];
  const by = pulledBy(lock.cause) ?? names.get(lock.by ?? '') ?? 'somebody';
  return [
    paragraph(
      strong('All wipes are locked'),
      ' since ',
      time(lock.since),
      `, by ${by}: ${lock.reason.replace(/\.$/, '')}. Also approved, this waits until two admins unlock, or its time runs out.`,
    ),
  ];
}

function waitsFor(approval: (Approval & { decisions: readonly Decision[] }) | undefined): string {
  const missing = (approval?.needed ?? 1) - (approval?.decisions.length ?? 0);
  return missing === 1 ? 'an approver' : `${missing} different approvers`;
}

function verified(wipe: Wipe): string {
  return [wipe.verification.how, wipe.verification.note].filter((part) => part !== '').join(': ');
}

function why(wipe: FullWipe): string {
  const last = wipe.transitions.at(-1);
  return last?.why === null || last?.why === undefined ? '' : `: ${last.why}`;
}

function steps(
  wipe: FullWipe,
  view: IncidentView,
  approval: (Approval & { decisions: readonly Decision[] }) | undefined,
): { mark: StepMark; text: Text }[] {
  const reached = new Map(wipe.transitions.map((row) => [row.toState, row]));
  const approvers = (approval?.decisions ?? []).filter((made) => made.decision === 'approve');
  const names = approvers.map((made) => view.names.get(made.actorGuid) ?? 'somebody').join(' and ');
  const approvedAt = approvers.at(-1)?.at ?? reached.get('approved')?.at;
  const rows: { mark: StepMark; text: Text }[] = [];
  if (wipe.breakGlassBy !== null) {
    rows.push({
      mark: 'done',
      text: text(
        strong('Break-glass'),
        ` by ${view.names.get(wipe.breakGlassBy) ?? 'somebody'}, `,
        time(wipe.proposedAt),
        '; its review is due.',
      ),
    });
  } else if (approvers.length < (approval?.needed ?? 1) && wipe.restoredAt !== null) {
    rows.push(approvalLost(wipe.restoredAt));
  } else {
    rows.push({
      mark: 'done',
      text: text(
        `Approved by ${names === '' ? 'somebody' : names}`,
        ...(approvedAt === undefined ? [] : [' ', time(approvedAt)]),
      ),
    });
  }
  rows.push(asked(wipe));
  // Of what comes after nothing is known before it is known whether Exchange was asked.
  if (wipe.state === 'not-asked' || wipe.state === 'approved' || wipe.state === 'issuing') return rows;
  if (wipe.state === 'cancelled' || wipe.state === 'partnership-removed' || wipe.state === 'given-up') {
    rows.push({
      mark: 'failed',
      text: text(
        capital(outcomeWord(wipe.state)),
        ...(wipe.endedAt === null ? [] : [' ', time(wipe.endedAt)]),
        why(wipe),
      ),
    });
    return rows;
  }
  const device = view.devices.find(({ number }) => number === wipe.deviceNumber);
  const taken =
    wipe.state === 'requested' &&
    device?.present === true &&
    wipeTimesKnown(device.facts) &&
    !holdsRequest(timesFor(wipe.scope, device.facts.wipe));
  if (taken) {
    rows.push({
      mark: 'failed',
      text: text('Exchange does not show this request any more, read ', time(device.readAt)),
    });
    return rows;
  }
  const unsupported = device?.facts.wipeSupported === false;
  rows.push(
    wipe.sentAt !== null
      ? { mark: 'done', text: text('Handed to the phone ', time(wipe.sentAt)) }
      : unsupported
        ? {
            mark: 'unknown',
            text: text(
              'Exchange says now that this phone does not support being wiped: whether it is handed over is not known, read ',
              time(device.readAt),
            ),
          }
        : {
            mark: wipe.state === 'not-reported' ? 'unknown' : 'waiting',
            text: text(
              wipe.state === 'not-reported'
                ? 'Exchange does not report whether it handed the wipe to the phone'
                : 'Handed to the phone: when it next connects',
            ),
          },
  );
  rows.push(lastStep(wipe));
  return rows;
}

function asked(wipe: FullWipe): { mark: StepMark; text: Text } {
  if (wipe.state === 'approved') {
    return {
      mark: 'waiting',
      text: wipe.heldBecause === null ? text('About to ask Exchange') : text(strong('Held: '), wipe.heldBecause),
    };
  }
  if (wipe.state === 'issuing' && wipe.restoredAt !== null) return askingLost(wipe.restoredAt);
  if (wipe.state === 'issuing')
    // True from the first moment on, when the call is just under way, and after a lost answer: an alarm it is in neither.
    return { mark: 'active', text: text('Asking Exchange: not known yet whether it was asked; I read it until it is') };
  if (wipe.state === 'not-asked') return { mark: 'failed', text: text('Exchange was not asked', why(wipe)) };
  return {
    mark: 'done',
    text: text('Asked of Exchange', ...(wipe.requestedAt === null ? [] : [' ', time(wipe.requestedAt)])),
  };
}

function lastStep(wipe: FullWipe): { mark: StepMark; text: Text } {
  if (wipe.state === 'acknowledged') {
    return {
      mark: 'done',
      text: text(
        strong('Acknowledged by the phone'),
        ...(wipe.acknowledgedAt === null ? [] : [' ', time(wipe.acknowledgedAt)]),
        `. ${promiseOf(wipe.scope)}`,
      ),
    };
  }
  if (wipe.state === 'refused-by-device') {
    return {
      mark: 'failed',
      text: text(
        strong('Refused by the phone'),
        ': told more than once, no acknowledgement. The request stays in Exchange.',
      ),
    };
  }
  if (wipe.state === 'not-reported')
    return { mark: 'unknown', text: text('Acknowledged: this Exchange may never say') };
  return { mark: 'waiting', text: text('Acknowledged by the phone') };
}

function waiting(
  wipe: FullWipe,
  view: IncidentView,
  now: Date,
  policy: Policy,
  approval: Approval | undefined,
): Block<Intent>[] {
  const n = wipe.incidentNumber;
  const row = { incident: n, device: String(wipe.deviceNumber) };
  if (wipe.state === 'approved') {
    const until = approval?.executeBy;
    return [
      ...lockLine(view),
      ...(until === null || until === undefined
        ? []
        : [note('It must be carried out until ', time(until), '; after that it must be proposed again.')]),
      buttons(
        button(wipeLabel('Withdraw wipe', wipe, view), 'withdraw', {
          incident: n,
          ...(approval === undefined ? {} : { approval: approval.id }),
        }),
      ),
    ];
  }
  const found = view.timeline.found !== undefined;
  if (wipe.state === 'requested' && view.incident.planBRaisedAt !== null && !found)
    return notReached(wipe, view, policy);
  if (wipe.state === 'requested' || wipe.state === 'not-reported') {
    // A phone that was found is saved by one of them alone.
    if (found) return [buttons(button(wipeLabel('Cancel wipe', wipe, view), 'cancel-wipe', row, { style: 'primary' }))];
    return [
      endings,
      buttons(
        button(wipeLabel('Cancel wipe', wipe, view), 'cancel-wipe', row),
        button(wipeLabel('Give up wipe', wipe, view), 'give-up', row),
      ),
    ];
  }
  if (wipe.state === 'refused-by-device') return refusedBlocks(wipe, view, policy);
  if (wipe.state === 'sent') {
    const lost = offersResetAnyway(wipe, now) && view.incident.hold === 'open';
    return [
      ...(lost
        ? [
            note(
              'No answer for a while: the answer may be lost. If the account is in danger, the password can be reset anyway.',
            ),
          ]
        : []),
      buttons(
        ...(lost
          ? [button('Reset anyway: the answer may be lost', 'reset-anyway', { incident: n }, { style: 'danger' })]
          : []),
        button(wipeLabel('Give up wipe', wipe, view), 'give-up', row),
        ...removalButtons(wipe, view),
      ),
    ];
  }
  if (wipe.exchangeHolds)
    return [paragraph(strong('Exchange still holds the request:'), ` ${stillErased([wipe.scope])}. I go on watching.`)];
  return [];
}

/** What the two buttons of a wipe that is on its way do. */
const endings = note(
  'Cancel: the request is taken back in Exchange, which works until the phone has been told; nothing is erased. Give up: the same, and the waiting ends also if Exchange keeps the request; then block the phone and reset the password.',
);

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
