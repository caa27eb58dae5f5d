import { z } from 'zod';
import { lookUpPeople } from '../src/directory/refresh.ts';
import { ExchangeError } from '../src/exchange/port.ts';
import { IdentityText } from '../src/ground/addresses.ts';
import { backOff } from '../src/ground/back-off.ts';
import { hour, second } from '../src/ground/durations.ts';
import { defineJob } from '../src/incidents/job.ts';
import type { DraftMessage, Span } from '../src/message/model.ts';
import { code, remark, strong } from '../src/message/text.ts';

/** How many of the people that were found are named. */
const mostNamed = 5;

export const lookUpPersonJob = defineJob({
  name: 'look-up-person',
  does: 'Asks Exchange for a name that the directory does not know, and tells who asked what it found.',
  lane: 'exchange',
  payload: z.object({
    organisation: z.enum(['real', 'lab']),
    /** What was typed for a name. */
    text: z.string().max(256),
    /** Who is told; nobody where it is absent. */
    identity: IdentityText.optional(),
  }),
  run: async ({ store, exchange, clock }, { organisation, text: name, identity }) => {
    const people = await found({ db: store.db, exchange: exchange(organisation), clock }, name);
    if (identity === undefined) return;
    const answer =
      people.length === 0
        ? remark(
            'neutral',
            'Exchange knows no one called ',
            code(name),
            ' either. Try the e-mail address or the whole name.',
          )
        : somebody(name, people);
    await store.change((change) => change.privately(identity, answer));
  },
  retryAfter: (failures) => (failures < 5 ? backOff(failures, { first: 20 * second, most: hour }) : undefined),
  onGivenUp: async ({ store }, { text: name, identity }) => {
    if (identity === undefined) return;
    const sentence = ['Exchange did not answer, so I could not look for ', code(name), '. Say it again later.'];
    await store.change((change) => change.privately(identity, remark('warning', ...sentence)));
  },
});

async function found(input: Parameters<typeof lookUpPeople>[0], name: string) {
  try {
    return await lookUpPeople(input, name);
  } catch (error) {
    // A text that must not be sent (a wildcard, say) is nobody's name.
    const nobodys = ['exchange-refused-unsent', 'exchange-not-found'];
    if (error instanceof ExchangeError && nobodys.includes(error.code)) return [];
    throw error;
  }
}

function somebody(name: string, people: readonly { displayName: string; primarySmtp: string }[]): DraftMessage {
  const named = people
    .slice(0, mostNamed)
    .flatMap((person, index): (string | Span)[] => [
      ...(index === 0 ? [] : [' · ']),
      strong(person.displayName),
      ` (${person.primarySmtp})`,
    ]);
  const more = people.length > mostNamed ? ` … ${people.length - mostNamed} more` : '';
  const rest = `${more}. Say it again with the full name.`;
  return remark('neutral', 'Exchange knows ', code(name), ' as ', ...named, rest);
}
