/** Whether a block holds: what each phone of the app got since it began. Pure. */
import { z } from 'zod';
import { minute } from '../../ground/durations.ts';
import { present } from '../../message/text.ts';
import type { Phone } from '../phones.ts';
import type { Moment } from '../usage.ts';
import { type Catches, catchesAmong, narrowestString } from './rules.ts';
import type { AppBlock } from './steps.ts';

const Verdict = z.object({
  /** waiting: nobody was refused yet, and nobody got through. */
  state: z.enum(['waiting', 'blocked', 'leaking']),
  total: z.number().int(),
  refused: z.number().int(),
  /** Turned to a quarantine, which lets them connect and gives them no mail. */
  quarantined: z.number().int(),
  /** Not one request since; `shownBlocked`: Exchange lists them as blocked or quarantined all the same. */
  silent: z.number().int(),
  shownBlocked: z.number().int(),
  /** When the last mail was served. */
  lastSuccess: z.iso.datetime().nullable(),
  /** Since when not one was let in. */
  since: z.iso.datetime(),
  through: z.array(
    z.object({
      key: z.string(),
      guid: z.string().nullable(),
      name: z.string(),
      how: z.string(),
      lastLetIn: z.iso.datetime(),
    }),
  ),
  /** Without a log that tells refusals, only Exchange's word stands. */
  logs: z.boolean(),
});
export type Verdict = z.infer<typeof Verdict>;

/** The verdict of the last check; undefined before the first, or when another version wrote it. */
export function verdictIn(block: AppBlock): Verdict | undefined {
  return Verdict.safeParse(block.verdict).data;
}

/** Exchange's caches: a phone may be let in for so long after a rule was made (AD cache 60 to 300 s). */
const graceMs = 10 * minute;

export function verdictOf(input: { phones: readonly Phone[]; all: readonly Phone[]; since: Date; now: Date }): Verdict {
  const { phones, all, since, now } = input;
  const withinGrace = now.getTime() - since.getTime() < graceMs;
  const through: Verdict['through'] = [];
  const counts = { refused: 0, quarantined: 0, silent: 0, shownBlocked: 0 };
  let lastSuccess: Date | undefined;
  let lastLeak = since;
  const catches = catchesAmong(all);
  for (const phone of phones) {
    const { usage, device } = phone;
    const { lastLetIn, filtered } = usage;
    const lastRefused = later(usage.lastRefused, filtered);
    if (lastLetIn !== null && (lastSuccess === undefined || lastLetIn.end > lastSuccess)) lastSuccess = lastLetIn.end;
    const letIn = lastLetIn !== null && lastLetIn.at > since ? lastLetIn : null;
    const refusal = lastRefused !== null && lastRefused.end > since && lastRefused.why !== 'busy' ? lastRefused : null;
    const state = device?.accessState.toLowerCase();
    const wasRefused = refusal !== null && (letIn === null || refusal.at > letIn.at);
    if (state === 'quarantined' || wasRefused) {
      counts[state === 'quarantined' ? 'quarantined' : 'refused'] += 1;
      if (letIn !== null && letIn.at > lastLeak) lastLeak = letIn.at;
    } else if (letIn !== null && !(withinGrace && state === 'blocked')) {
      through.push({
        key: phone.key,
        guid: device?.guid ?? null,
        name: phone.owner?.name ?? phone.account,
        how: howThrough(phone, catches),
        lastLetIn: letIn.end.toISOString(),
      });
    } else {
      counts.silent += 1;
      if (state === 'blocked') counts.shownBlocked += 1;
    }
  }
  const stopped = counts.refused + counts.quarantined;
  return {
    state: through.length > 0 && !withinGrace ? 'leaking' : stopped > 0 && through.length === 0 ? 'blocked' : 'waiting',
    total: phones.length,
    ...counts,
    lastSuccess: lastSuccess?.toISOString() ?? null,
    since: lastLeak.toISOString(),
    through,
    logs: phones.some(({ clients }) => clients.length > 0),
  };
}

function later(one: Moment | null, other: Moment | null): Moment | null {
  return one !== null && other !== null && other.at > one.at ? other : (one ?? other);
}

/** Why Exchange lets it in all the same, and what it would cost to stop it by a rule. */
function howThrough(phone: Phone, catches: Catches): string {
  const { device, names } = phone;
  if (device === undefined) return `as DeviceType ${names.type || 'not known'}, which Exchange does not list`;
  if (device.accessReason.toLowerCase() === 'individual') return "by the mailbox's own list of allowed devices";
  if (device.accessState.toLowerCase() === 'blocked') return 'although Exchange lists it as blocked';
  const narrowest = narrowestString(phone, catches);
  if (narrowest === undefined) return 'no rule names it';
  return `as ${narrowest.characteristic} ${narrowest.queryString}: a rule for that string would block ${narrowest.others === 0 ? 'no other phone' : `${narrowest.others} other phones`} as well`;
}

/** "15 of 15 phones refused since …": the parts around the time are for the card. */
export function verdictSentence(verdict: Verdict): string {
  const { total, refused, quarantined, silent, shownBlocked, through } = verdict;
  const listed = shownBlocked > 0 ? ` (Exchange lists ${shownBlocked} of them as blocked)` : '';
  return present(
    (refused > 0 || quarantined === 0) && `${refused} of ${total} phones refused`,
    quarantined > 0 && `${quarantined} of ${total} phones quarantined`,
    silent > 0 && `${silent} have not tried since${listed}`,
    `${through.length} let in`,
  ).join(', ');
}
