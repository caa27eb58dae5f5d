/** Whether a block holds: what each phone of the app got since it began. Pure. */
import { z } from 'zod';
import type { Phone } from '../phones.ts';
import { narrowestString } from './rules.ts';

export const Verdict = z.object({
  /** waiting: nobody was refused yet, and nobody got through. */
  state: z.enum(['waiting', 'blocked', 'leaking']),
  total: z.number().int(),
  refused: z.number().int(),
  /** Turned to a quarantine, which lets them connect and gives them no mail. */
  quarantined: z.number().int(),
  /** Not one request since; `shownBlocked`: Exchange lists them as blocked or quarantined all the same. */
  silent: z.number().int(),
  shownBlocked: z.number().int(),
  /** Refusals since, over all phones, and when the last mail was served. */
  refusals: z.number().int(),
  lastSuccess: z.iso.datetime().nullable(),
  /** Since when not one was let in. */
  since: z.iso.datetime(),
  through: z.array(
    z.object({
      key: z.string(),
      guid: z.string().nullable(),
      deviceId: z.string(),
      person: z.string().nullable(),
      name: z.string(),
      how: z.string(),
      lastLetIn: z.iso.datetime(),
    }),
  ),
  /** Without a log that tells refusals, only Exchange's word stands. */
  logs: z.boolean(),
});
export type Verdict = z.infer<typeof Verdict>;

/** Exchange's caches: a phone may be let in for so long after a rule was made (AD cache 60 to 300 s). */
export const graceMs = 10 * 60_000;

export function verdictOf(input: { phones: readonly Phone[]; all: readonly Phone[]; since: Date; now: Date }): Verdict {
  const { phones, all, since, now } = input;
  const withinGrace = now.getTime() - since.getTime() < graceMs;
  const through: Verdict['through'] = [];
  let refused = 0;
  let quarantined = 0;
  let silent = 0;
  let shownBlocked = 0;
  let refusals = 0;
  let lastSuccess: Date | null = null;
  let since0 = since;
  for (const phone of phones) {
    const { usage, device } = phone;
    const letIn = usage.lastLetIn !== null && usage.lastLetIn.at > since ? usage.lastLetIn : null;
    const refusal =
      usage.lastRefused !== null && usage.lastRefused.end > since && usage.lastRefused.why !== 'busy'
        ? usage.lastRefused
        : null;
    const state = device?.accessState.toLowerCase() ?? '';
    if (usage.lastLetIn !== null && (lastSuccess === null || usage.lastLetIn.end > lastSuccess))
      lastSuccess = usage.lastLetIn.end;
    refusals += refusal === null ? 0 : usage.refused;
    if (state === 'quarantined') {
      quarantined += 1;
      if (letIn !== null && letIn.at > since0) since0 = letIn.at;
    } else if (refusal !== null && (letIn === null || refusal.at > letIn.at)) {
      refused += 1;
      if (letIn !== null && letIn.at > since0) since0 = letIn.at;
    } else if (letIn !== null && !(withinGrace && state === 'blocked')) {
      through.push({
        key: phone.key,
        guid: device?.guid ?? null,
        deviceId: phone.deviceId,
        person: phone.owner?.guid ?? null,
        name: phone.owner?.name ?? phone.account,
        how: howThrough(phone, all),
        lastLetIn: letIn.end.toISOString(),
      });
    } else {
      silent += 1;
      if (state === 'blocked') shownBlocked += 1;
    }
  }
  const stopped = refused + quarantined;
  return {
    state: through.length > 0 && !withinGrace ? 'leaking' : stopped > 0 && through.length === 0 ? 'blocked' : 'waiting',
    total: phones.length,
    refused,
    quarantined,
    silent,
    shownBlocked,
    refusals,
    lastSuccess: lastSuccess?.toISOString() ?? null,
    since: since0.toISOString(),
    through,
    logs: phones.some(({ clients }) => clients.length > 0),
  };
}

/** Why Exchange lets it in all the same, and what it would cost to stop it by a rule. */
function howThrough(phone: Phone, all: readonly Phone[]): string {
  const { device, names } = phone;
  if (device === undefined) return `as DeviceType ${names.type || 'not known'}, which Exchange does not list`;
  if (device.accessReason.toLowerCase() === 'individual') return "by the mailbox's own list of allowed devices";
  if (device.accessState.toLowerCase() === 'blocked') return 'although Exchange lists it as blocked';
  const narrowest = narrowestString(phone, all);
  if (narrowest === undefined) return 'no rule names it';
  return `as ${narrowest.characteristic} ${narrowest.queryString}: a rule for that string would block ${narrowest.others === 0 ? 'no other phone' : `${narrowest.others} other phones`} as well`;
}

/** "15 of 15 phones refused since …": the parts around the time are for the card. */
export function verdictSentence(verdict: Verdict): string {
  const { total, refused, quarantined, silent, shownBlocked, through } = verdict;
  const parts = [
    ...(refused > 0 || quarantined === 0 ? [`${refused} of ${total} phones refused`] : []),
    ...(quarantined > 0 ? [`${quarantined} of ${total} phones quarantined`] : []),
    ...(silent > 0
      ? [
          `${silent} have not tried since${shownBlocked > 0 ? ` (Exchange lists ${shownBlocked} of them as blocked)` : ''}`,
        ]
      : []),
    `${through.length} let in`,
  ];
  return parts.join(', ');
}
