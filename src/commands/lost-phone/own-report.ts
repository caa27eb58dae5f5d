import { mailboxesOf } from '../../directory/holders.ts';
import { type IncidentView, loadIncident } from '../../incidents/incident/view.ts';
import type { CommandContext } from '../command.ts';

/** The newest open incident about a phone of the person who speaks, of whichever of their mailboxes. */
export async function ownReport({ store, policy, actor }: CommandContext): Promise<IncidentView | undefined> {
  const people = await mailboxesOf(store.db, policy, actor.person);
  const row = await store.db
    .selectFrom('incident')
    .select('number')
    .where(
      'personGuid',
      'in',
      people.map(({ guid }) => guid),
    )
    .where('state', '=', 'open')
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row && loadIncident(store.db, row.number);
}
