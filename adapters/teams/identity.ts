/**
 * Who speaks, as far as Teams vouches for it: tenant and Entra object id, and from the conversation's roster whether he is a
 * guest, of another tenant or anonymous.
 */
import type { Sender } from '../../src/chat/port.ts';
import { DeliveryError } from '../../src/chat/port.ts';
import type { Identity } from '../../src/ground/addresses.ts';
import type { Clock } from '../../src/ground/clock.ts';
import type { TeamsActivity } from './activity.ts';
import type { Connector, RosterMember } from './connector.ts';
import type { EntraGroups } from './groups.ts';
import { memberMs } from './limits.ts';
import { type Address, identityOf, mintAddress, objectIdOf, placeOf } from './refs.ts';

export type People = {
  /** Throws DeliveryError when Teams does not tell who it is. */
  senderOf(activity: TeamsActivity): Promise<Sender>;
  identify(identity: Identity): Promise<Sender | undefined>;
  /** How the person was last reached, in this process. */
  lastAddress(identity: Identity): Address | undefined;
};

/** People remembered; older ones are asked for again. */
const mostRemembered = 5_000;

export function createPeople(parts: {
  connector: Connector;
  tenant: string;
  serviceUrl: () => string;
  groups?: EntraGroups | undefined;
  clock: Clock;
  /** Development without credentials: there is no roster to ask. */
  trustsActivities: boolean;
}): People {
  const { connector, tenant, groups, clock } = parts;
  const members = new Map<string, { until: number; member: RosterMember | undefined }>();
  const addresses = new Map<Identity, Address>();

  async function memberOf(serviceUrl: string, conversation: string, user: string): Promise<RosterMember | undefined> {
    const key = `${conversation}\n${user}`;
    const now = clock.now().getTime();
    const known = members.get(key);
    if (known !== undefined && known.until > now) return known.member;
    const member = await connector.member(serviceUrl, conversation, user);
    if (members.size >= mostRemembered) members.clear();
    members.set(key, { until: now + memberMs, member });
    return member;
  }

  async function describe(objectId: string, member: RosterMember, rest: Partial<Sender>): Promise<Sender> {
    const outsider = outsiderOf(member, objectId, tenant);
    const email = member.email ?? member.userPrincipalName ?? undefined;
    const found = outsider === undefined && groups !== undefined ? { groups: [...(await groups.of(objectId))] } : {};
    return {
      identity: identityOf(tenant, objectId),
      displayName: member.name ?? rest.displayName ?? 'somebody without a name',
      ...(email === undefined || outsider !== undefined ? {} : { email }),
      ...(rest.timeZone === undefined ? {} : { timeZone: rest.timeZone }),
      ...(outsider === undefined ? {} : { outsider }),
      ...found,
    };
  }

  return {
    senderOf: async (activity) => {
      const { from, conversation, localTimezone } = activity;
      const displayName = from.name ?? 'somebody without a name';
      const timeZone = isTimeZone(localTimezone) ? { timeZone: localTimezone } : {};
      if (from.role === 'bot' || from.id.startsWith('28:')) {
        return { identity: strangerOf(tenant, from.id), displayName, outsider: 'bot' };
      }
      if (from.aadObjectId === undefined) {
        return { identity: strangerOf(tenant, from.id), displayName, outsider: 'stranger' };
      }
      const identity = identityOf(tenant, from.aadObjectId);
      remember(identity, addressOf(activity));
      if (parts.trustsActivities) return { identity, displayName, ...timeZone };
      const member = await memberOf(activity.serviceUrl, conversation.id, from.id);
      if (member === undefined) return { identity, displayName, outsider: 'stranger' };
      return await describe(from.aadObjectId, member, { displayName, ...timeZone });
    },
    identify: async (identity) => {
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
    lastAddress: (identity) => addresses.get(identity),
  };

  function remember(identity: Identity, address: Address): void {
    if (addresses.size >= mostRemembered) addresses.clear();
    addresses.set(identity, { ...addresses.get(identity), ...address });
  }
}

/** Opaque to the core, which keeps it with the person. */
export function addressText(activity: TeamsActivity): string {
  return mintAddress(addressOf(activity));
}

export function isPersonal({ conversation }: TeamsActivity): boolean {
  return (
    conversation.conversationType === 'personal' ||
    (conversation.conversationType === undefined && conversation.id.startsWith('a:'))
  );
}

export function placeIn(activity: TeamsActivity, tenant: string): { place?: string } {
  return isPersonal(activity) ? {} : { place: placeOf(tenant, activity.conversation.id) };
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
  const told = member.aadObjectId ?? member.objectId;
  return typeof told === 'string' && told.toLowerCase() === objectId.toLowerCase() ? undefined : 'stranger';
}

/** Somebody without an object id still needs a name in the audit; it can be listed nowhere. */
function strangerOf(tenant: string, id: string): Identity {
  return `entra:${tenant}/unknown-${encodeURIComponent(id)}`;
}

function isTimeZone(name: string | undefined): name is string {
  if (name === undefined) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
