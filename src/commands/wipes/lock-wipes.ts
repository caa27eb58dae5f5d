import { z } from 'zod';
import { lockWipes as lock } from '../../incidents/brake/lock.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** The kill switch: it asks nothing back, and works also for who is suspended, because stopping is always right. */
export const lockWipesCommand = defineCommand({
  id: 'lock-wipes',
  topic: 'wipes',
  patterns: ['lock [all] wipes [because <reason...>]', '(stop|halt) all wipes [because <reason...>]'],
  examples: ['lock wipes because somebody is wiping phones in Sales', 'lock wipes'],
  args: z.object({ reason: z.string().trim().max(1000).optional() }),
  roles: ['approver', 'security', 'admin'],
  whileSuspended: true,
  effect: 'change',
  anyPlace: true,
  intents: [
    {
      title: 'Stop all wipes',
      needs: ['stopAll', 'all', ['wipes', 'everything']],
      likes: ['wipes'],
      never: ['unlockAll', 'app', 'person', 'number'],
      about: 'nothing',
      strangers: 1,
    },
  ],
  summary: 'Stop every wipe that Exchange was not asked for yet',
  details:
    'Nothing is issued by anyone until two admins unlock, also not by break-glass. Approved wipes wait until their time runs out.',
  async run({ actor, store, policy }, { reason }) {
    const why = reason === undefined || reason === '' ? 'no reason given' : reason;
    await store.change((change) => lock(change, policy, { by: actor, reason: why }));
    // The phone may be the stolen one: it learns neither who lifts the lock nor what stops a wipe.
    if (actor.suspendedBy.length > 0) return privateAnswer('All wipes are locked: nothing is issued by anyone.');
    return privateAnswer(
      'All wipes are locked: nothing is issued by anyone. Two admins can unlock with "unlock wipes because …". What Exchange was asked for already is not taken back by this; see "incidents".',
    );
  },
});
