/**
 * Wipes that did not come from this bot: request times that Exchange shows are compared with our own and with those seen
 * before. What is neither opens an incident and is told to security, once.
 */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { personByAddress } from '../../directory/find.ts';
import type { Person } from '../../directory/person.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import { code, strong, time } from '../../message/text.ts';
import { notify } from '../../notices/notify.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import type { WipeTimes } from '../devices/device.ts';
import type { DeviceWipeTimes } from '../devices/read-facts.ts';
import { openIncident } from '../incident/open-incident.ts';
import { record } from '../incident/timeline.ts';
import { lostRangeAt } from '../lost-range.ts';

export type WipeRequest = { guid: string; scope: 'full' | 'account-only'; times: WipeTimes };

/** Records a request; false when it was known already. */
export async function recordWipeRequest(
  change: Change,
  organisation: Organisation,
  { guid, scope, times }: WipeRequest,
  origin: 'ours' | 'before' | 'outside',
): Promise<boolean> {
  if (times.requested === null) return false;
  const inserted = await change.tx
    .insertInto('wipeRequestSeen')
    .values({
      organisation,
      deviceGuid: guid,
      scope,
      requestedAt: new Date(times.requested),
      requestor: times.requestor,
      seenAt: change.now,
      origin,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('deviceGuid')
    .executeTakeFirst();
  return inserted !== undefined;
}

const Watch = z.object({ since: z.iso.datetime() });

/** From when on this organisation is watched; what Exchange shows from before was there when the bot came. */
export async function watchedSince(db: Kysely<Database>, organisation: Organisation, now: Date): Promise<Date> {
  const key = `outside-wipes:${organisation}`;
  await db
    .insertInto('setting')
    .values({ key, value: JSON.stringify({ since: now.toISOString() }) })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const row = await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirstOrThrow();
  return new Date(Watch.parse(row.value).since);
}

/** Checks one person's devices as just read; answers how many wipes came from elsewhere and were not known. */
export async function recordOutsideWipes(
  change: Change,
  policy: Policy,
  input: { person: Person; devices: readonly DeviceWipeTimes[]; since: Date },
): Promise<number> {
  const { person, devices, since } = input;
  let found = 0;
  for (const device of devices) {
    for (const request of requestsOf(device)) {
      const requestedAt = new Date(request.times.requested ?? 0);
      const own = await ownRequest(change, device.guid, requestedAt);
      if (own === 'not-known-yet') continue;
      const origin = own === 'ours' ? 'ours' : requestedAt < since ? 'before' : 'outside';
      const isNew = await recordWipeRequest(change, person.organisation, request, origin);
      if (!isNew || origin !== 'outside') continue;
      found += 1;
      await alarm(change, policy, { person, device, request });
    }
  }
  return found;
}

function requestsOf(device: DeviceWipeTimes): WipeRequest[] {
  const requests: WipeRequest[] = [
    { guid: device.guid, scope: 'full', times: device.wipe.full },
    { guid: device.guid, scope: 'account-only', times: device.wipe.accountOnly },
  ];
  return requests.filter(({ times }) => times.requested !== null);
}

/** A wipe that is being asked right now is not known yet: reconciling proves whose the request is. */
async function ownRequest(
  change: Change,
  deviceGuid: string,
  requestedAt: Date,
): Promise<'ours' | 'not-known-yet' | undefined> {
  const own = await change.tx
    .selectFrom('wipe')
    .select(['state', 'requestedAt'])
    .where('deviceGuid', '=', deviceGuid)
    .where((eb) => eb.or([eb('state', '=', 'issuing'), eb('requestedAt', '=', requestedAt)]))
    .execute();
  if (own.some((wipe) => wipe.requestedAt?.getTime() === requestedAt.getTime())) return 'ours';
  return own.length > 0 ? 'not-known-yet' : undefined;
}

async function alarm(
  change: Change,
  policy: Policy,
  { person, device, request }: { person: Person; device: DeviceWipeTimes; request: WipeRequest },
): Promise<void> {
  const requestor = request.times.requestor ?? '';
  const ours = requestor.toLowerCase() === policy.exchange.requestor.toLowerCase();
  const lost = ours ? await lostRangeAt(change.tx, new Date(request.times.requested ?? change.now)) : undefined;
  const whose =
    lost === undefined ? ', and not by Mislaid.' : '. Whether by Mislaid is not known: a backup was restored since.';
  const { number } = await openIncident(change, policy, {
    owner: person,
    kind: 'outside-wipe',
    by: null,
    byOwner: false,
    remark: `Exchange was asked for a wipe (${request.scope}) of ${device.name}${whose}`,
  });
  await record(change, {
    incident: number,
    kind: 'outside-wipe.seen',
    by: null,
    data: { device: device.guid, scope: request.scope, requestedAt: request.times.requested },
  });
  const asking = requestor === '' ? undefined : await personByAddress(change.tx, person.organisation, requestor);
  await notify(change, policy, 'outside-wipe', {
    incident: number,
    about: [person.guid, ...(asking === undefined ? [] : [asking.guid])],
    line: [
      strong(lost === undefined ? 'a wipe that did not come from Mislaid' : 'a wipe that this store does not know'),
      `: ${person.displayName}'s ${device.name}, ${request.scope}, asked of Exchange `,
      time(request.times.requested ?? change.now),
      ' by ',
      requestor === '' ? 'an account without a mailbox' : code(requestor),
      lost !== undefined
        ? ', which is my own account, in the time of which a restored backup knows nothing: it may have been approved here.'
        : ours && requestor !== ''
          ? ', which is my own account: somebody else uses it.'
          : '.',
      request.times.sent === null
        ? ' The phone has not heard of it yet: Clear-MobileDevice -Cancel can still take it back.'
        : ' The phone has heard of it.',
    ],
    key: `${device.guid}:${request.scope}:${request.times.requested ?? ''}`,
  });
}
