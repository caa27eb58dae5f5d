import type { Person } from '../../directory/person.ts';
import { deviceLabel } from '../../incidents/devices/device.ts';
import type { Block, DraftMessage, Span, Text } from '../../message/model.ts';
import { note, paragraph, strong, text, time } from '../../message/text.ts';
import type { Freshness } from '../freshen.ts';
import { longestLagMinutes, type SeenPhone } from '../last-seen.ts';

/** What is answered to `last seen alice`. */
export function lastSeenMessage(input: {
  person: Person;
  phones: readonly SeenPhone[];
  chart: Block<never> | undefined;
  freshness: Freshness;
  exchangeAway: string | undefined;
}): DraftMessage {
  const { person, phones, chart, freshness, exchangeAway } = input;
  const newest = phones[0];
  return {
    title: `Last seen: ${person.displayName}`,
    tone: 'neutral',
    blocks: [
      ...(exchangeAway === undefined ? [] : [paragraph(strong(exchangeAway), ' This is what the logs say.')]),
      phones.length === 0
        ? paragraph(`Neither Exchange nor the logs know a phone of ${person.displayName}.`)
        : paragraph(
            newest?.lastAttempt === null || newest === undefined
              ? 'None of these phones has ever tried to connect.'
              : strong(`Last tried: ${newest.name}, `),
            ...(newest?.lastAttempt == null ? [] : [time(newest.lastAttempt), '.']),
          ),
      ...phones.flatMap(phoneBlocks),
      ...(chart === undefined ? [] : [chart]),
      note(...caveats(freshness)),
    ],
  };
}

function phoneBlocks(seen: SeenPhone): Block<never>[] {
  const { facts, phone } = seen;
  const label = facts === undefined ? `${phone?.app.name ?? ''} ${seen.name}`.trim() : deviceLabel(facts);
  const lines: Text[] = [];
  lines.push(text('Let in: ', ...when(seen.lastSuccess), ...(seen.lastSuccess === null ? [] : known(seen))));
  lines.push(text('Last try: ', ...when(seen.lastAttempt), ...where(seen)));
  if (seen.refused !== null) {
    const count = phone?.usage.refused ?? 0;
    lines.push(
      text(
        strong(`Last refused: `),
        time(seen.refused.at),
        `, ${seen.refused.meaning}${count > 1 ? ` (${count} times in 14 days)` : ''}.`,
      ),
    );
  }
  if (seen.hangingSeconds !== null) {
    lines.push(
      text(
        `It is probably waiting for mail now: it asks for ${seen.hangingSeconds} s at a time, and a log line comes only when that ends.`,
      ),
    );
  }
  if (facts === undefined)
    lines.push(text('Exchange lists no such device for this mailbox now; only the logs know it.'));
  return [
    paragraph(strong(label), facts === undefined ? '' : ` · ${facts.accessState.toLowerCase()}`),
    { kind: 'list', items: lines },
  ];
}

function when(at: Date | null): (string | Span)[] {
  return at === null ? ['never'] : [time(at)];
}

/** From which side the time comes: people ask when the two differ. */
function known({ facts, lastSuccess }: SeenPhone): string[] {
  const synced = facts?.lastSync;
  const bySync = synced !== null && synced !== undefined && new Date(synced).getTime() === lastSuccess?.getTime();
  return [bySync ? ' (Exchange)' : ' (logs)'];
}

function where({ attempt }: SeenPhone): string[] {
  if (attempt === null) return [''];
  const from = attempt.address === '' ? '' : ` from ${attempt.address}`;
  return [`${from} on ${attempt.server}: ${attempt.meaning}`];
}

function caveats({ servers, problems, stillReading, progress }: Freshness): string[] {
  const lag = `A phone that waits for mail has no line in the logs until its wait ends, so the logs can lag by up to ${longestLagMinutes} minutes.`;
  if (servers === 0)
    return ['No server logs are configured here, so this is what Exchange alone says: it knows no failed logins.'];
  return [
    lag,
    ...progress.map((sentence) => ` ${sentence}`),
    ...(stillReading ? [' Until then this may be incomplete: ask again in some minutes.'] : []),
    ...problems.map((problem) => ` ${problem}`),
  ];
}
