import type { Person } from '../../directory/person.ts';
import { deviceLabel } from '../../incidents/devices/device.ts';
import type { Block, DraftMessage, Span } from '../../message/model.ts';
import { list, note, paragraph, present, strong, text, time } from '../../message/text.ts';
import type { Freshness } from '../freshen.ts';
import { longestLagMinutes, type SeenPhone } from '../last-seen.ts';
import { logCaveats } from './apps.ts';

/** What is answered to `last seen alice`. */
export function lastSeenMessage(input: {
  person: Person;
  phones: readonly SeenPhone[];
  chart: Block<never> | undefined;
  freshness: Freshness;
  exchangeAway: string | undefined;
}): DraftMessage {
  const { person, phones, chart, freshness, exchangeAway } = input;
  return {
    title: `Last seen: ${person.displayName}`,
    tone: 'neutral',
    blocks: present(
      exchangeAway !== undefined && paragraph(strong(exchangeAway), ' This is what the logs say.'),
      newestSentence(person, phones[0]),
      ...phones.flatMap(phoneBlocks),
      chart,
      note(...caveats(freshness)),
    ),
  };
}

function newestSentence({ displayName }: Person, newest: SeenPhone | undefined): Block<never> {
  if (newest === undefined) return paragraph(`Neither Exchange nor the logs know a phone of ${displayName}.`);
  if (newest.lastAttempt === null) return paragraph('None of these phones has ever tried to connect.');
  return paragraph(strong(`Last tried: ${newest.name}, `), time(newest.lastAttempt), '.');
}

function phoneBlocks(seen: SeenPhone): Block<never>[] {
  const { facts, phone, refused, hangingSeconds, lastAttempt, lastSuccess } = seen;
  const label = facts === undefined ? `${phone?.app.name ?? ''} ${seen.name}`.trim() : deviceLabel(facts);
  const count = phone?.usage.refused ?? 0;
  const turnedAway = phone?.usage.turnedAway ?? null;
  return [
    paragraph(strong(label), facts === undefined ? '' : ` · ${facts.accessState.toLowerCase()}`),
    list(
      ...present(
        text('Let in: ', when(lastSuccess), lastSuccess === null ? '' : side(seen)),
        text('Last try: ', when(lastAttempt), where(seen)),
        refused &&
          text(
            strong('Last refused: '),
            time(refused.at),
            `, ${refused.meaning}${count > 1 ? ` (${count} times in 14 days)` : ''}.`,
          ),
        turnedAway &&
          text(
            strong('Turned away at the login: '),
            time(turnedAway.last.at),
            `${turnedAway.requests > 1 ? ` (${turnedAway.requests} times in 14 days)` : ''}, somebody who gave its name: the phone with a wrong password, or anybody who knows its id.`,
          ),
        hangingSeconds !== null &&
          text(
            `It is probably waiting for mail now: it asks for ${hangingSeconds} s at a time, and a log line comes only when that ends.`,
          ),
        facts === undefined && text('Exchange lists no such device for this mailbox now; only the logs know it.'),
      ),
    ),
  ];
}

function when(at: Date | null): string | Span {
  return at === null ? 'never' : time(at);
}

/** From which side the time comes: people ask when the two differ. */
function side({ facts, lastSuccess }: SeenPhone): string {
  const synced = facts?.lastSync ?? null;
  return synced !== null && new Date(synced).getTime() === lastSuccess?.getTime() ? ' (Exchange)' : ' (logs)';
}

function where({ attempt }: SeenPhone): string {
  if (attempt === null) return '';
  const from = attempt.address === '' ? '' : ` from ${attempt.address}`;
  return `${from} on ${attempt.server}: ${attempt.meaning}`;
}

function caveats(freshness: Freshness): string[] {
  if (freshness.servers === 0)
    return ['No server logs are configured here, so this is what Exchange alone says: it knows no failed logins.'];
  return [
    `A phone that waits for mail has no line in the logs until its wait ends, so the logs can lag by up to ${longestLagMinutes} minutes.`,
    ...logCaveats(freshness, 'this may be incomplete'),
  ];
}
