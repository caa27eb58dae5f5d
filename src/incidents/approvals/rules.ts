/**
 * Who may ask for an approval, who may decide it, and whether it still stands when it is executed. People are directory
 * persons: two chat accounts of one person are one person. Rights are checked at the click and again at execution.
 */
import type { Selectable } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import type { Person } from '../../directory/person.ts';
import { assertNever } from '../../ground/errors.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Policy, Role } from '../../policy.ts';
import type { ApprovalTable } from '../../store/tables/approvals.ts';

export type ApprovalVerdict = { kind: 'ok' } | { kind: 'refusal'; code: ApprovalRefusal; userMessage: string };

export type ApprovalRefusal =
  | 'approval-own-request'
  | 'approval-own-device'
  | 'approval-role'
  | 'approval-suspended'
  | 'approval-cooling-off'
  | 'approval-already-decided'
  | 'approval-expired'
  | 'approval-closed'
  | 'approval-owner-may-not-ask'
  | 'approval-outsider';

export type DecidedBy = { readonly actorGuid: PersonGuid; readonly decision: 'approve' | 'deny' };

type ApprovalFacts = Pick<
  Selectable<ApprovalTable>,
  'requestedBy' | 'ownerGuid' | 'role' | 'needed' | 'state' | 'expiresAt' | 'executeBy'
>;

export type DecideInput = {
  approval: ApprovalFacts;
  actor: Pick<Actor, 'person' | 'roles' | 'grantedRoles' | 'suspendedBy'>;
  policy: Policy;
  now: Date;
  /** Decisions so far, of everybody. */
  decisions: readonly DecidedBy[];
  decision: 'approve' | 'deny';
  /** Roles granted too recently to decide anything (rules/cooling.ts); default none. */
  cooling?: ReadonlySet<Role>;
};

/** Whether this person may make this decision now. A refusal consumes nothing. */
export function mayDecide(input: DecideInput): ApprovalVerdict {
  const { approval, actor, now, decisions, decision } = input;
  const closed = whyClosed(approval);
  if (closed !== undefined) return refusal('approval-closed', closed);
  if (now.getTime() >= approval.expiresAt.getTime()) {
    return refusal('approval-expired', 'This request has expired. It must be proposed again.');
  }
  const unfit = unfitPerson(approval, actor.person.guid, decision);
  if (unfit !== undefined) return unfit;
  const role = roleVerdict(input);
  if (role.kind === 'refusal') return role;
  if (decisions.some((made) => made.actorGuid === actor.person.guid)) {
    return refusal(
      'approval-already-decided',
      'You have decided on this already. A different person must agree as well.',
    );
  }
  return { kind: 'ok' };
}

/**
 * Whether an approved proposal still stands when it is executed: enough different people who still hold the role, none of
 * them the requester or the owner, and in time. `rolesOf` answers what a person holds now, suspension and cooling off applied.
 */
export function stillApproved(input: {
  approval: ApprovalFacts;
  decisions: readonly DecidedBy[];
  rolesOf: (guid: PersonGuid) => ReadonlySet<Role>;
  now: Date;
}): ApprovalVerdict {
  const { approval, decisions, rolesOf, now } = input;
  if (approval.state !== 'approved') {
    return refusal('approval-closed', whyClosed(approval) ?? 'This request is not approved.');
  }
  if (approval.executeBy === null || now.getTime() >= approval.executeBy.getTime()) {
    return refusal('approval-expired', 'This approval was not carried out in time. It must be proposed again.');
  }
  const agreed = new Set<PersonGuid>();
  for (const made of decisions) {
    if (made.decision === 'deny') return refusal('approval-closed', 'Somebody has denied this request.');
    if (made.actorGuid === approval.requestedBy || made.actorGuid === approval.ownerGuid) continue;
    if ([...rolesOf(made.actorGuid)].some((role) => role === approval.role)) agreed.add(made.actorGuid);
  }
  if (agreed.size < approval.needed) {
    return refusal(
      'approval-role',
      'Somebody who approved this no longer holds the role for it. It must be proposed again.',
    );
  }
  return { kind: 'ok' };
}

/** Whether this person may ask for a wipe (or another decision) about the devices of `ownerGuid`. */
export function mayRequest(input: {
  actor: Pick<Actor, 'person' | 'roles'>;
  ownerGuid: PersonGuid;
  policy: Policy;
  /** Any one of these lets others than the owner ask; default helpdesk. */
  roles?: readonly Role[];
}): ApprovalVerdict {
  const { actor, ownerGuid, policy, roles = ['helpdesk'] } = input;
  if (actor.roles.size === 0) return refusal('approval-outsider', 'You have no role here. Ask the helpdesk.');
  if (actor.person.guid === ownerGuid) {
    if (policy.approvals.ownersMayAsk) return { kind: 'ok' };
    return refusal(
      'approval-owner-may-not-ask',
      'Somebody else must ask for a wipe of your own phone: the helpdesk does.',
    );
  }
  if (roles.some((role) => actor.roles.has(role))) return { kind: 'ok' };
  return refusal('approval-role', `Wipes are asked for by ${roles.join(' or ')}.`);
}

/** How many different people must agree. */
export function approversNeeded(vip: boolean): number {
  return vip ? 2 : 1;
}

/** Whether policy.yaml lists this person as a VIP, by any address, UPN, alias or GUID. */
export function isVip(
  policy: Pick<Policy, 'vip'>,
  person: Pick<Person, 'guid' | 'alias' | 'upn' | 'primarySmtp' | 'addresses'>,
): boolean {
  const names = new Set(
    [person.guid, person.alias, person.upn, person.primarySmtp, ...person.addresses].map((name) => name.toLowerCase()),
  );
  return policy.vip.some((listed) => names.has(listed.trim().toLowerCase()));
}

function unfitPerson(
  approval: ApprovalFacts,
  guid: PersonGuid,
  decision: 'approve' | 'deny',
): ApprovalVerdict | undefined {
  if (guid === approval.requestedBy) {
    const verb = decision === 'approve' ? 'approve' : 'decide on';
    const instead = decision === 'approve' ? '' : ' You can withdraw it.';
    return refusal('approval-own-request', `You asked for this, so someone else must ${verb} it.${instead}`);
  }
  if (guid === approval.ownerGuid) {
    return refusal('approval-own-device', 'This is about your own device, so someone else must decide.');
  }
  return undefined;
}

function roleVerdict({ approval, actor, cooling }: DecideInput): ApprovalVerdict {
  const held = [...actor.roles].find((role) => role === approval.role);
  if (held === undefined) {
    if (actor.suspendedBy.length > 0 && [...actor.grantedRoles].some((role) => role === approval.role)) {
      return refusal(
        'approval-suspended',
        'One of your own devices is in an open incident, so you can decide nothing until security or an admin restores you.',
      );
    }
    return refusal('approval-role', `Only somebody with the role ${approval.role} may decide this.`);
  }
  if (cooling?.has(held) === true) {
    return refusal(
      'approval-cooling-off',
      `Your role ${held} is new and decides nothing for 24 hours, unless two admins accept it before.`,
    );
  }
  return { kind: 'ok' };
}

/** Why nothing can be decided on it any more; undefined while it waits. */
export function whyClosed(approval: Pick<ApprovalFacts, 'state'>): string | undefined {
  switch (approval.state) {
    case 'waiting':
      return undefined;
    case 'approved':
      return 'This is approved already; nothing happens twice.';
    case 'executed':
      return 'This was approved and carried out already.';
    case 'denied':
      return 'This was denied. It must be proposed again.';
    case 'withdrawn':
      return 'This was withdrawn.';
    case 'expired':
      return 'This request has expired. It must be proposed again.';
    case 'voided':
      return 'This request is void because its facts changed. It must be proposed again.';
    case 'lapsed':
      return 'This was approved and not carried out in time. It must be proposed again.';
    default:
      return assertNever(approval.state, 'approval state');
  }
}

function refusal(code: ApprovalRefusal, userMessage: string): ApprovalVerdict & { kind: 'refusal' } {
  return { kind: 'refusal', code, userMessage };
}
