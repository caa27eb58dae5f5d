import { z } from 'zod';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const drillCommand = defineCommand({
  id: 'drill',
  topic: 'wipes',
  patterns: ['drill [a] lost (device|phone) [of <person>]', 'drill'],
  examples: ['drill lost device', 'drill lost device of bob'],
  args: z.object({ person: z.string().trim().max(200).optional() }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'report',
  summary: 'Practise a lost phone: the whole flow on a phone of the lab, decided by the real people',
  details:
    'Everything is marked DRILL and counted apart, no real phone can be reached, and at the end you see how long each step took.',
  async run({ actor, store, policy, place, ids }, { person }) {
    const card = place !== undefined && isNamedPlace(policy, place) ? place : undefined;
    await store.change((change) =>
      change.enqueue('start-drill', {
        token: ids.token(),
        by: actor.person.guid,
        identity: actor.identity,
        ...(card === undefined ? {} : { place: card }),
        ...(person === undefined ? {} : { person }),
      }),
    );
    return privateAnswer(
      'DRILL: I am choosing a phone of the lab. Its incident comes as a card; treat it as if it were real.',
    );
  },
});
