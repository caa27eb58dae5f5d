import { sql } from 'kysely';
import { z } from 'zod';
import type { Actor } from '../src/directory/actor.ts';
import { findPeople, personByGuid } from '../src/directory/find.ts';
import { isMailboxOf } from '../src/directory/holders.ts';
import type { Person } from '../src/directory/person.ts';
import { refreshDirectory } from '../src/directory/refresh.ts';
import { personFromRow } from '../src/directory/store-people.ts';
import { removeMobileDevice } from '../src/exchange/cmdlets/remove-mobile-device.ts';
import { labPhonesNow, returnLabPhone } from '../src/exchange/lab/operations.ts';
import { IdentityText, PlaceText } from '../src/ground/addresses.ts';
import { second } from '../src/ground/durations.ts';
import { internalError } from '../src/ground/errors.ts';
import { readDeviceFacts } from '../src/incidents/devices/read-facts.ts';
import { fitForDrill } from '../src/incidents/drill/rules.ts';
import { openIncident } from '../src/incidents/incident/open-incident.ts';
import { record } from '../src/incidents/incident/timeline.ts';
import type { TimelineKind } from '../src/incidents/incident/timeline-event.ts';
import { defineJob, type JobContext } from '../src/incidents/job.ts';
import { paragraph } from '../src/message/text.ts';
import { notify } from '../src/notices/notify.ts';
import type { Role } from '../src/policy.ts';

export const startDrillJob = defineJob({
  name: 'start-drill',
  does: 'Chooses a phone of the lab for a drill and opens its incident',
  lane: 'exchange',
  payload: z.object({
    /** Names this drill: the job may run twice, the incident is opened once. */
    token: z.string(),
    by: z.string(),
    identity: IdentityText,
    place: PlaceText.optional(),
    person: z.string().optional(),
  }),
  retryAfter: (failures) => (failures < 4 ? 15 * second * failures : undefined),
  async run(context, { token, by, identity, place, person: wanted }) {
    const { store, policy, clock } = context;
    const lab = context.exchange('lab');
    if (lab.organisation !== 'lab') {
      throw internalError({
        code: 'wrong-organisation',
        message: 'a drill was handed an Exchange that is not the lab',
      });
    }
    // Beside a real organisation the lab's people are known only from here on.
    await refreshDirectory({ db: store.db, exchange: lab, clock });
    const owner = await ownerFor(context, wanted);
    const starter = await personByGuid(store.db, by);
    if (owner === undefined || starter === undefined) {
      await store.change((change) =>
        change.privately(
          identity,
          {
            title: 'DRILL',
            tone: 'warning',
            blocks: [
              paragraph(
                wanted === undefined
                  ? 'No phone of the lab is free for a drill now. I have set one up again; say it again in a few minutes.'
                  : 'The lab has no free phone for a person of this name. Say "drill lost device", and I choose one.',
              ),
            ],
          },
          `drill:${token}`,
        ),
      );
      return;
    }
    await store.change(async (change) => {
      const before = await change.tx
        .selectFrom('incidentEvent')
        .select('id')
        // Written out: the index is of these events alone.
        .where('kind', '=', sql.lit('drill.started' satisfies TimelineKind))
        .where((eb) => eb(eb.ref('data', '->>').key('token'), '=', token))
        .executeTakeFirst();
      if (before !== undefined) return;
      // Who said it was authorised when they said it; nothing here asks for a role.
      const none: ReadonlySet<Role> = new Set();
      const actor: Actor = { person: starter, identity, roles: none, grantedRoles: none, suspendedBy: [] };
      const { number } = await openIncident(change, policy, {
        owner,
        kind: 'lost',
        by: actor,
        byOwner: false,
        drill: true,
        remark: 'Drill: practise as if it were real.',
        ...(place === undefined ? {} : { place }),
      });
      await record(change, { incident: number, kind: 'drill.started', by: actor, data: { token } });
      await notify(change, policy, 'drill-begun', { incident: number, line: [`begun by ${starter.displayName}`] });
      await change.privately(
        identity,
        {
          title: 'DRILL',
          tone: 'neutral',
          blocks: [paragraph(`INC-${number} is open for ${owner.displayName}, who exists only in the lab.`)],
        },
        `drill:${token}`,
      );
    });
  },
});

/** The first of the lab's people, by name, whose phone is free and will hear of a wipe soon. */
async function ownerFor(context: JobContext, wanted: string | undefined): Promise<Person | undefined> {
  const { store } = context;
  if (wanted !== undefined) {
    const found = await findPeople(store.db, 'lab', wanted);
    const people = found.kind === 'one' ? [found.person] : found.kind === 'many' ? found.people : [];
    return firstFit(context, people);
  }
  const rows = await store.db
    .selectFrom('person')
    .selectAll()
    .where('organisation', '=', 'lab')
    .where('gone', '=', false)
    .where('mailboxType', '=', 'user')
    .orderBy('displayName')
    .execute();
  // Beside the real organisation nobody should read the name of somebody who decides here.
  const everybody = rows.map(personFromRow);
  const unlisted = everybody.filter(
    (person) => !context.policy.people.some((entry) => entry.roles.length > 0 && isMailboxOf(entry.mailbox, person)),
  );
  const owner = (await firstFit(context, unlisted)) ?? (await firstFit(context, everybody));
  if (owner === undefined) await returnOnePhone(context);
  return owner;
}

async function firstFit(context: JobContext, people: readonly Person[]): Promise<Person | undefined> {
  const { store, clock } = context;
  for (const person of people) {
    const busy = await store.db
      .selectFrom('incident')
      .select('number')
      .where('personGuid', '=', person.guid)
      .where('state', '=', 'open')
      .executeTakeFirst();
    if (busy !== undefined) continue;
    const devices = await readDeviceFacts({ db: store.db, exchange: context.exchange('lab') }, person.guid);
    if (devices.some((device) => fitForDrill(device, clock.now()))) return person;
  }
  return undefined;
}

/** Phones are used up by drills: one that erased itself is set up again, under a new partnership. */
async function returnOnePhone({ store, clock, exchange }: JobContext): Promise<void> {
  const erased = (await labPhonesNow(store.db)).find((phone) => phone.erasedAt !== null);
  if (erased === undefined) return;
  if (erased.present) await exchange('lab').run(removeMobileDevice, { Identity: erased.guid });
  await returnLabPhone(store.db, clock, erased.guid);
}
