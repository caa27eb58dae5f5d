/** Who may decide on something that waits: who gets a copy of their own, and whom a refusal names. */
import type { Kysely } from 'kysely';
import type { Actor } from '../../directory/actor.ts';
import { holdersOf, identityFor } from '../../directory/holders.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import { namesInList } from '../../message/words.ts';
import type { Policy } from '../../policy.ts';
import type { Change } from '../../store/port.ts';
import type { Database } from '../../store/schema.ts';
import type { Approval } from '../incident/view.ts';
import { currentRoles } from '../roles/current-roles.ts';

/** Identities of those who may decide: never the requester's or the owner's, and nobody's whose own phone may be the lost one. */
export async function privateCopies(
  change: Change,
  policy: Policy,
  approval: Approval,
  organisation: Organisation,
): Promise<string[]> {
  const { role } = approval;
  if (!isHolderRole(role)) return [];
  // The people who decide are of the requester's organisation, also where the device is a drill's.
  const holders = await holdersOf(change.tx, policy, organisation, role);
  const identities: string[] = [];
  for (const { person, identities: listed } of holders) {
    if (person.guid === approval.requestedBy || person.guid === approval.ownerGuid) continue;
    const lately = await identityFor(change.tx, policy, person);
    // Roles hang on the accounts that policy lists: a copy to any other could not be answered.
    const identity = lately !== undefined && listed.includes(lately) ? lately : listed[0];
    if (identity === undefined) continue;
    const current = await currentRoles(change.tx, policy, { guid: person.guid, identity }, change.now);
    if (current.has(role)) identities.push(identity);
  }
  return identities;
}

function isHolderRole(role: string): role is 'approver' | 'security' | 'admin' {
  return role === 'approver' || role === 'security' || role === 'admin';
}

/** Adds the names of those who may decide to a refusal that leaves others free to. */
export async function refusalWithNames(
  db: Kysely<Database>,
  policy: Policy,
  approval: Approval,
  by: Actor,
  verdict: { code: string; userMessage: string },
): Promise<string> {
  if (
    !['approval-own-request', 'approval-own-device', 'approval-role'].includes(verdict.code) ||
    !isHolderRole(approval.role)
  )
    return verdict.userMessage;
  const holders = await holdersOf(db, policy, by.person.organisation, approval.role);
  const others = holders
    .map(({ person }) => person)
    .filter((person) => person.guid !== approval.requestedBy && person.guid !== approval.ownerGuid);
  const names = others.map((person) => person.displayName);
  return names.length === 0
    ? `${verdict.userMessage} Nobody else may: policy.yaml names no other ${approval.role}.`
    : `${verdict.userMessage} ${namesInList(names, 'or')} can decide.`;
}
