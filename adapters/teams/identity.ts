/**
 * Who speaks, as far as Teams vouches for it: tenant and Entra object id, and from the conversation's roster whether they are a
 * guest, of another tenant or anonymous.
 */
import { DeliveryError, type Sender } from '../../src/chat/port.ts';
import type { Identity, Place } from '../../src/ground/addresses.ts';
import { RecentMap, Remembered } from '../../src/ground/remembered.ts';
import { isTimeZone } from '../../src/ground/time-zone.ts';
import type { TeamsActivity } from './activity.ts';
import type { Connector, RosterMember } from './connector.ts';
import type { EntraGroups } from './groups.ts';
import { memberMs } from './limits.ts';
import { type Address, identityOf, mintAddress, objectIdOf, placeOf } from './refs.ts';

export type People = ReturnType<typeof createPeople>;

/** People remembered; older ones are asked for again. */
const mostRemembered = 5_000;

export function createPeople(parts: {
  connector: Connector;
  tenant: string;
  serviceUrl: () => string;
  groups?: EntraGroups | undefined;
  /** Development without credentials: there is no roster to ask. */
  trustsActivities: boolean;
}) {
  const { connector, tenant, groups } = parts;
  const members = new Remembered<RosterMember | undefined>({ most: mostRemembered, forMs: memberMs });
  const addresses = new RecentMap<Identity, Address>(mostRemembered);

  /** undefined: nobody of this id is there. That is not remembered: they may be added at any moment. */
  async function memberOf(serviceUrl: string, conversation: string, user: string): Promise<RosterMember | undefined> {
    const key = `${conversation}\n${user}`;
    const asking = members.get(key, () => connector.member(serviceUrl, conversation, user));
    const member = await asking;
    if (member === undefined) members.forget(key, asking);
    return member;
  }

  /** Where the bot may not read the roster (it is not installed there, say), the personal chat tells as well who somebody is. */
  async function speakerOf(activity: TeamsActivity, identity: Identity): Promise<RosterMember | undefined> {
    const { serviceUrl, from, conversation } = activity;
    try {
      return await memberOf(serviceUrl, conversation.id, from.id);
    } catch (error) {
      const isRefused = error instanceof DeliveryError && error.problem.kind === 'dead';
      if (!isRefused || isPersonal(activity)) throw error;
      const chat = addresses.get(identity)?.conversation ?? (await connector.openPersonal(serviceUrl, from.id));
      return await memberOf(serviceUrl, chat, from.id);
    }
  }

  async function describe(objectId: string, member: RosterMember, spoken: Partial<Sender>): Promise<Sender> {
    const outsider = outsiderOf(member, objectId, tenant);
    const known = {
      identity: identityOf(tenant, objectId),
      displayName: member.name ?? spoken.displayName ?? 'somebody without a name',
      timeZone: spoken.timeZone,
    };
    if (outsider !== undefined) return { ...known, outsider };
    const email = member.email ?? member.userPrincipalName ?? undefined;
    return { ...known, email, groups: groups && [...(await groups.of(objectId))] };
  }

  return {
    /** Throws DeliveryError when Teams does not tell who it is. */
    senderOf: async (activity: TeamsActivity): Promise<Sender> => {
      const { from, localTimezone } = activity;
      const displayName = from.name ?? 'somebody without a name';
      const timeZone = localTimezone !== undefined && isTimeZone(localTimezone) ? localTimezone : undefined;
      if (from.role === 'bot' || from.id.startsWith('28:')) {
        return { identity: strangerOf(tenant, from.id), displayName, outsider: 'bot' };
      }
      if (from.aadObjectId === undefined) {
        return { identity: strangerOf(tenant, from.id), displayName, outsider: 'stranger' };
      }
      const identity = identityOf(tenant, from.aadObjectId);
      // Only of somebody who may speak: nobody else can change where a person is written to.
      const keepAddress = () => addresses.set(identity, { ...addresses.get(identity), ...addressOf(activity) });
      if (parts.trustsActivities) {
        keepAddress();
        return { identity, displayName, timeZone };
      }
      const member = await speakerOf(activity, identity);
      if (member === undefined) return { identity, displayName, outsider: 'stranger' };
      const sender = await describe(from.aadObjectId, member, { displayName, timeZone });
      if (sender.outsider === undefined) keepAddress();
      return sender;
    },
    identify: async (identity: Identity): Promise<Sender | undefined> => {
      const objectId = objectIdOf(tenant, identity);
      if (objectId === undefined) return undefined;
      const { serviceUrl = parts.serviceUrl(), conversation } = addresses.get(identity) ?? {};
      try {
        const chat = conversation ?? (await connector.openPersonal(serviceUrl, objectId));
        const member = await memberOf(serviceUrl, chat, objectId);
        return member === undefined ? undefined : await describe(objectId, member, {});
      } catch (error) {
        if (error instanceof DeliveryError && error.problem.kind === 'dead') return undefined;
        throw error;
      }
    },
    /** How the person was last reached, in this process. */
    lastAddress: (identity: Identity): Address | undefined => addresses.get(identity),
  };
}

/** Opaque to the core, which keeps it with the person. */
export function addressText(activity: TeamsActivity): string {
  return mintAddress(addressOf(activity));
}

/** The chat of a person and the bot. A chat of two people is called `personal` by Teams as well: its id is like a channel's. */
export function isPersonal({ conversation: { id, conversationType } }: TeamsActivity): boolean {
  if (conversationType === undefined) return id.startsWith('a:');
  return conversationType === 'personal' && !id.startsWith('19:');
}

/** undefined in a personal chat. */
export function placeIn(activity: TeamsActivity, tenant: string): Place | undefined {
  return isPersonal(activity) ? undefined : placeOf(tenant, activity.conversation.id);
}

function addressOf(activity: TeamsActivity): Address {
  const { serviceUrl, from, conversation } = activity;
  return { serviceUrl, user: from.id, ...(isPersonal(activity) ? { conversation: conversation.id } : {}) };
}

/** Guests have an object id in our tenant, so the id alone says nothing. */
function outsiderOf(member: RosterMember, objectId: string, tenant: string): Sender['outsider'] {
  const role = member.userRole?.toLowerCase();
  if (role === 'anonymous') return 'stranger';
  if ((member.tenantId ?? tenant).toLowerCase() !== tenant.toLowerCase()) return 'other-tenant';
  if (role === 'guest' || member.userPrincipalName?.includes('#EXT#') === true) return 'guest';
  const known = member.aadObjectId ?? member.objectId;
  return typeof known === 'string' && known.toLowerCase() === objectId.toLowerCase() ? undefined : 'stranger';
}

/** Somebody without an object id still needs a name in the audit; it can be listed nowhere. */
function strangerOf(tenant: string, id: string): Identity {
  return `entra:${tenant}/unknown-${encodeURIComponent(id)}`;
}
