/**
 * The exposure note: what somebody who holds the phone could have read, for the data-protection officer's notice within 72 hours. It
 * tells facts with their source; what no reading told stands there as not known.
 */
import { after, hour } from '../../ground/durations.ts';
import type { Block, DraftMessage, Intent, Span, Text } from '../../message/model.ts';
import { list, note, paragraph, strong, text, time } from '../../message/text.ts';
import { isOutlookApp } from '../devices/device.ts';
import { promiseOf } from '../wipe/scope.ts';
import { latestWipe } from '../wipe/wipes.ts';
import type { IncidentDevice, IncidentView } from './view.ts';

type Words = (string | Span)[];

export function exposureNote(view: IncidentView, now: Date): DraftMessage {
  const { incident, owner } = view;
  const phones = phonesInQuestion(view);
  return {
    title: `INC-${incident.number} · Exposure note · ${owner.displayName}`,
    tone: incident.state === 'closed' ? 'neutral' : 'warning',
    blocks: [
      ...(incident.state === 'closed'
        ? []
        : [paragraph(strong('This case is not closed yet:'), ' what follows is as known now, ', time(now), '.')]),
      paragraph(...reported(view)),
      ...(view.timeline.mistaken
        ? [
            paragraph(
              strong('The case was opened by mistake:'),
              ` no phone was reported as lost, says ${closer(view)}.`,
            ),
          ]
        : []),
      ...(phones.length === 0
        ? [paragraph(...withoutPhone(view))]
        : phones.flatMap((device) => onePhone(device, view))),
      paragraph(strong('When access to the account ended: '), ...accountEnded(view)),
      note(
        'Made of what Exchange answered and of what people noted here. Exchange does not tell who held the phone, what was opened on it, or whether it was erased after it acknowledged.',
      ),
    ],
  };
}

/** The phones that were chosen for a wipe or called lost; where none was, every one that is not known to be with its owner. */
function phonesInQuestion({ devices, wipes, events }: IncidentView): IncidentDevice[] {
  const lost = new Set([
    ...wipes.map(({ deviceNumber }) => deviceNumber),
    ...events.flatMap((event) => (event.kind === 'owner.reported-lost' ? [event.data.device] : [])),
  ]);
  const left = devices.filter(({ keptVerifiedBy }) => keptVerifiedBy === null);
  return lost.size === 0 ? left : left.filter(({ number }) => lost.has(number));
}

function reported({ incident, owner, opener, timeline, names }: IncidentView): Words {
  const who = incident.byOwner ? `by ${owner.displayName}` : `by ${opener?.displayName ?? 'Mislaid itself'}`;
  const { found } = timeline;
  return [
    strong('Reported: '),
    time(incident.openedAt),
    `, ${who}, as ${incident.kind}. 72 hours from then: `,
    time(after(incident.openedAt, 72 * hour)),
    '. Since when the phone was out of its owner’s hands is not known here.',
    ...(found === undefined
      ? []
      : [
          ` ${found.none ? 'That none of the phones is lost' : 'That it was found'} was noted by ${found.by === null ? 'Mislaid' : (names.get(found.by) ?? 'somebody')}, `,
          time(found.at),
          found.none ? '.' : '; in whose hands it was until then is not known here.',
        ]),
  ];
}

function closer({ incident, names }: IncidentView): string {
  return incident.closedBy === null ? 'Mislaid' : (names.get(incident.closedBy) ?? 'somebody');
}

function withoutPhone({ devices, timeline }: IncidentView): Words {
  if (devices.length > 0) return [strong('Phones: '), 'each is with its owner, as was verified.'];
  if (timeline.emptyReadings.length > 1)
    return [
      strong('Phones: '),
      'none synced with this mailbox when it was read, so Exchange names none on which mail could be read. What was on a phone by other ways (a browser, device management, another mailbox) is not known here.',
    ];
  return [strong('Phones: '), 'not known. Exchange did not tell whole which phones sync with this mailbox.'];
}

function onePhone(device: IncidentDevice, view: IncidentView): Block<Intent>[] {
  const { facts, label, number } = device;
  const at = (instant: string | null, none: string): Words => (instant === null ? [none] : [time(instant)]);
  const never = facts.knownTo === 'directory' || facts.contradicted ? 'not known' : 'never, as Exchange tells it';
  const lastSync: Words =
    facts.lastSync !== null
      ? [time(facts.lastSync)]
      : [isOutlookApp(facts) ? 'not known: Exchange does not report it for Outlook' : never];
  const items: Text[] = [
    text(strong('What could be read: '), ...couldRead(facts.lastSync !== null || isOutlookApp(facts))),
    text(
      strong('On the phone since: '),
      ...at(facts.firstSync, 'not known'),
      ' (its first sync). How far back its copy goes is not known.',
    ),
    text(strong('Last sync: '), ...lastSync, '. Last attempt: ', ...at(facts.lastAttempt, 'not known'), '.'),
    text(strong('Encryption: '), `not known${policyWords(facts.policyApplied)}`),
    text(strong('Passcode: '), `not known${policyWords(facts.policyApplied)}`),
    text(strong('Managed by device management: '), facts.managedByMdm ? 'yes, as Exchange tells it' : 'not known'),
    text(strong('Wipe: '), ...wipeWords(device, view)),
    text(strong('When this phone lost its way in: '), ...wayInEnded(device, view)),
  ];
  return [
    paragraph(strong(`Phone ${number} · ${label}`), ', as Exchange told it, read ', time(device.readAt)),
    list(...items),
  ];
}

function couldRead(synced: boolean): Words {
  return synced
    ? [
        'what its mail app keeps of the mailbox: as a rule mail with attachments, calendar and contacts. Which folders it holds, and whether other work data is on it, is not known.',
      ]
    : ['not known: Exchange knows of no sync that succeeded.'];
}

function policyWords(applied: IncidentDevice['facts']['policyApplied']): string {
  if (applied === 'full')
    return '; the phone said that it applies the mailbox policy in full (what that demands: Get-MobileDeviceMailboxPolicy).';
  if (applied === 'partly') return '; the phone said that it applies the mailbox policy only in part.';
  if (applied === 'none') return '; the phone does not apply the mailbox policy.';
  return '.';
}

function wipeWords({ number }: IncidentDevice, { wipes }: IncidentView): Words {
  const wipe = latestWipe(wipes, number);
  if (wipe === undefined || wipe.requestedAt === null) return ['none was asked of Exchange here.'];
  const asked: Words = [`${wipe.scope}, asked of Exchange `, time(wipe.requestedAt)];
  if (wipe.acknowledgedAt !== null)
    return [...asked, ', acknowledged by the phone ', time(wipe.acknowledgedAt), `. ${promiseOf(wipe.scope)}`];
  const told: Words =
    wipe.sentAt === null ? ['; that it reached the phone is not known'] : ['; handed to the phone ', time(wipe.sentAt)];
  return [...asked, ...told, '; never acknowledged. What is on the phone must be taken to be there still.'];
}

/** Only what was read back in Exchange. */
function wayInEnded({ number }: IncidentDevice, { events }: IncidentView): Words {
  const ended = events.filter(
    (event) =>
      (event.kind === 'device.blocked' || event.kind === 'device.removed' || event.kind === 'device.unblocked') &&
      event.data.device === number,
  );
  const last = ended.at(-1);
  if (last?.kind === 'device.blocked') return ['blocked in Exchange, read back ', time(last.at), '.'];
  if (last?.kind === 'device.removed')
    return [
      'its partnership was removed, read back ',
      time(last.at),
      '; with a password that still works it may set up another.',
    ];
  return ['not known to have ended in Exchange: nobody blocked or removed it here.'];
}

/** What people noted: Exchange does not show it. */
function accountEnded({ timeline, names, owner }: IncidentView): Words {
  const said = timeline.ticks.flatMap(
    ({ what, by, at }, index): Words => [
      index === 0 ? '' : '; ',
      `${what}, noted by ${by === null ? 'Mislaid' : (names.get(by) ?? 'somebody')} `,
      time(at),
    ],
  );
  const disabled =
    owner.accountEnabled === false
      ? ' The account is disabled, as the directory tells it; since when is not known.'
      : '';
  return said.length === 0
    ? [`not known: nobody noted here that the password was reset or the sessions revoked.${disabled}`]
    : [...said, `. That is what people noted; no reading proves it.${disabled}`];
}
