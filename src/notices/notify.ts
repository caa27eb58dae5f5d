import type { Identity, Place } from '../ground/addresses.ts';
import type { DraftMessage, Span, Tone } from '../message/model.ts';
import { strong, text } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import { drillWord, isDrill } from '../store/drills.ts';
import type { Change } from '../store/port.ts';
import { alarmTargets } from './alarm.ts';
import { type Notice, type NoticeKind, notices, type Severity } from './table.ts';

type NoticeInput = {
  incident?: number;
  /** People whom it is about beside the owner of the case: no e-mail of it goes to their mailboxes. */
  about?: readonly string[];
  /** Makes it once: a notice of this kind with the same key is never sent twice to one place or person. */
  key?: string;
  /** Places and people who do not get it. */
  without?: readonly (Place | Identity)[];
  /** What people are told privately, where that is more than what the channels may read. */
  privately?: DraftMessage;
} & (
  | { /** Nothing private: who reads the channel may read it. */ line: readonly (string | Span)[] }
  | { message: DraftMessage }
);

/** Sends a notice to whom `notices` says, in the transaction of what it is about. */
export async function notify(change: Change, policy: Policy, kind: NoticeKind, input: NoticeInput): Promise<void> {
  const notice: Notice = notices[kind];
  const { without = [] } = input;
  const draft = 'message' in input ? input.message : await lineOf(change, notice, input);
  const key = input.key === undefined ? undefined : `${kind}:${input.key}`;
  const listed = new Set(notice.channels.flatMap((channel) => policy.channels[channel]));
  const places = [...listed].filter((place) => !without.includes(place));
  await change.notice(places, draft, key);
  if (notice.email) {
    const alarm = {
      kind,
      incident: input.incident ?? null,
      at: change.now.toISOString(),
      about: [...(input.about ?? [])],
    };
    for (const target of alarmTargets(policy))
      await change.enqueue('send-alarm', { ...alarm, target }, key === undefined ? {} : { key: `${key}@${target}` });
  }
  if (notice.private.length === 0 || (notice.lastResort === true && places.length > 0)) return;
  const accounts = policy.people
    .filter((person) => notice.private.some((role) => person.roles.includes(role)))
    .map((person) => person.identities.filter((identity) => !without.includes(identity)));
  for (const identity of notice.lastResort === true ? accounts.flat() : await oneOfEach(change, accounts)) {
    await change.privately(identity, input.privately ?? draft, key);
  }
}

const tones: Readonly<Record<Severity, Tone>> = { informational: 'neutral', medium: 'warning', high: 'danger' };

async function lineOf(
  { tx }: Change,
  notice: Notice,
  { incident, line }: { incident?: number; line: readonly (string | Span)[] },
): Promise<DraftMessage> {
  const drill = incident !== undefined && (await isDrill(tx, incident)) ? `${drillWord} · ` : '';
  const head = incident === undefined ? [] : [strong(`${drill}INC-${incident}`), ' · '];
  const tone = notice.good === true ? 'success' : tones[notice.severity];
  return { tone, blocks: [{ kind: 'text', text: text(...head, ...line) }] };
}

/** Of each person's accounts the one they spoke from last, else the first. */
async function oneOfEach({ tx }: Change, accounts: readonly (readonly Identity[])[]): Promise<Identity[]> {
  const seen = await tx
    .selectFrom('chatIdentity')
    .select('identity')
    .where('identity', 'in', ['', ...accounts.flat()])
    .where('refused', 'is', null)
    .orderBy('lastSeenAt', 'desc')
    .execute();
  return accounts.flatMap((own) => seen.find(({ identity }) => own.includes(identity))?.identity ?? own[0] ?? []);
}
