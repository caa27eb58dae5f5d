import type { Identity } from '../../ground/addresses.ts';
import { after, day } from '../../ground/durations.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Policy, Role } from '../../policy.ts';

/** Roles that are dangerous enough to cool off. */
const coolingRoleNames = ['approver', 'security', 'admin'] as const;
export type CoolingRole = (typeof coolingRoleNames)[number];

/**
 * One chat identity's grant of one role as policy.yaml names it. Keyed by mailbox too: a listed account that is pointed at
 * another person, or a new account listed for an old admin, is a new grant.
 */
export type Grant = { readonly mailbox: string; readonly identity: Identity; readonly role: CoolingRole };

export type RecordedGrant = Grant & {
  /** When a policy first had it; null: the first policy had it, or it is on the lab. */
  readonly grantedAt: Date | null;
  /** Admins who accepted it early, as directory persons. */
  readonly acceptedBy: readonly PersonGuid[];
};

const coolOff = day;
const acceptancesNeeded = 2;

/** Every grant of a role that cools off, in a policy. */
export function grantsOf(policy: Policy): Grant[] {
  return policy.people.flatMap((person) =>
    coolingRoleNames
      .filter((role) => person.roles.includes(role))
      .flatMap((role) =>
        person.identities.map((identity) => ({ mailbox: person.mailbox.trim().toLowerCase(), identity, role })),
      ),
  );
}

export function grantKey(grant: Grant): string {
  return `${grant.role} ${grant.identity} ${grant.mailbox}`;
}

/**
 * The grants to record when a policy is loaded: those that stay keep their time, new ones begin to cool off, and one that was
 * revoked is deleted, so that granting it again starts over. `stored` undefined: the store never saw a policy.
 */
export function recordGrants(input: {
  stored: readonly RecordedGrant[] | undefined;
  policy: Policy;
  now: Date;
  lab: boolean;
}): RecordedGrant[] {
  const { stored, policy, now, lab } = input;
  const known = new Map((stored ?? []).map((grant) => [grantKey(grant), grant]));
  const decidesAtOnce = stored === undefined || lab;
  return grantsOf(policy).map(
    (grant) => known.get(grantKey(grant)) ?? { ...grant, grantedAt: decidesAtOnce ? null : now, acceptedBy: [] },
  );
}

/** Since when something cools off, and which admins accepted it early: a grant, or a part of policy that was loosened. */
export type Cooling = Pick<RecordedGrant, 'grantedAt' | 'acceptedBy'>;

/** Until when a grant decides nothing; null: it decides already. */
export function coolsUntil(grant: Cooling, now: Date): Date | null {
  if (grant.grantedAt === null) return null;
  if (new Set(grant.acceptedBy).size >= acceptancesNeeded) return null;
  const until = after(grant.grantedAt, coolOff);
  return now.getTime() < until.getTime() ? until : null;
}

/** The roles of one chat identity that are still cooling off: `mayDecide` takes them. A role without a record cools off too. */
export function coolingRoles(input: {
  identity: Identity;
  roles: ReadonlySet<Role>;
  grants: readonly RecordedGrant[];
  now: Date;
}): ReadonlySet<Role> {
  const { identity, roles, grants, now } = input;
  const cooling = new Set<Role>();
  for (const role of coolingRoleNames) {
    if (!roles.has(role)) continue;
    const own = grants.filter((grant) => grant.identity === identity && grant.role === role);
    if (!own.some((grant) => coolsUntil(grant, now) === null)) cooling.add(role);
  }
  return cooling;
}

export type Acceptance =
  | { kind: 'ok'; acceptedBy: readonly PersonGuid[]; complete: boolean }
  | {
      kind: 'refusal';
      code: 'accept-not-admin' | 'accept-own-role' | 'accept-twice' | 'accept-not-needed';
      userMessage: string;
    };

/** `accept role <person>`: one admin, whose own admin role does not cool off, accepts somebody else's grant. */
export function acceptGrant(input: {
  grant: Cooling;
  /** The directory person whose grant it is; null for a part of policy. */
  holder: PersonGuid | null;
  acceptor: { guid: PersonGuid; roles: ReadonlySet<Role>; cooling: ReadonlySet<Role> };
  now: Date;
}): Acceptance {
  const { grant, holder, acceptor, now } = input;
  if (!acceptor.roles.has('admin') || acceptor.cooling.has('admin')) {
    return {
      kind: 'refusal',
      code: 'accept-not-admin',
      userMessage: `${holder === null ? 'A looser policy' : 'A new role'} is accepted by two admins whose own role is not new.`,
    };
  }
  if (acceptor.guid === holder) {
    return { kind: 'refusal', code: 'accept-own-role', userMessage: 'Nobody accepts their own role.' };
  }
  if (coolsUntil(grant, now) === null) {
    return {
      kind: 'refusal',
      code: 'accept-not-needed',
      userMessage: holder === null ? 'This holds already.' : 'This role decides already.',
    };
  }
  if (grant.acceptedBy.includes(acceptor.guid)) {
    return {
      kind: 'refusal',
      code: 'accept-twice',
      userMessage: 'You have accepted this already; a second admin must too.',
    };
  }
  const acceptedBy = [...grant.acceptedBy, acceptor.guid];
  return { kind: 'ok', acceptedBy, complete: new Set(acceptedBy).size >= acceptancesNeeded };
}
