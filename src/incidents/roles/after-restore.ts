/** After a backup was restored: whoever lost a role, or was suspended, in the time that is lost must not hold it again for that. */
import { sql } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import type { Change } from '../../store/port.ts';
import { loosenAnew } from './policy-changes.ts';

/** Every grant cools off from now on, and what loosens the policy, too. The lab's decide at once, as ever. */
export async function coolAnew(change: Change, organisation: Organisation): Promise<void> {
  await loosenAnew(change, organisation);
  if (organisation === 'lab') return;
  await sql`update role_grant set granted_at = ${change.now}, accepted_by = '[]' where organisation = ${organisation}`.execute(
    change.tx,
  );
}

/** Whose open incident suspends them no longer is suspended by it again. Answers how many. */
export async function suspendAnew(change: Change): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    insert into suspension (person_guid, incident_number, reported_by, reported_at, held, state)
    select distinct on (concerned.person_guid) concerned.person_guid, incident.number, concerned.reported_by, ${change.now}::timestamptz, concerned.held, 'active'
    from incident join lateral (
      select person_guid, reported_by, held from suspension where incident_number = incident.number
      union select incident.person_guid, incident.opened_by, true
        where not exists (select from suspension where incident_number = incident.number)) concerned on true
    where incident.state = 'open' and not incident.drill
      and not exists (select from suspension other where other.person_guid = concerned.person_guid and other.state <> 'ended')
    order by concerned.person_guid, incident.number`.execute(change.tx);
  return Number(numAffectedRows);
}
