/** Whether an actor may give a command where they are: checked for every sentence, every click and every suggestion. */
import type { AnyCommand } from '../commands/command.ts';
import type { Actor } from '../directory/actor.ts';
import type { Place } from '../ground/addresses.ts';
import { isNamedPlace } from '../incidents/incident/places.ts';
import { suspendedSentence } from '../incidents/roles/current-roles.ts';
import type { Policy, Role } from '../policy.ts';

type Permission =
  | { readonly kind: 'allowed' }
  | {
      readonly kind: 'refused';
      readonly code: 'role-missing' | 'suspended' | 'place-not-named' | 'read-only';
      readonly userMessage: string;
    };

type AuthoriseInput = {
  command: AnyCommand;
  actor: Actor;
  policy: Policy;
  place?: Place | undefined;
  /** A message shortcut names no place: its answer is private wherever the message stands. */
  anywhere?: boolean;
  /** Identities that begin with one of these only read (the console beside a real Exchange). */
  readOnlyPlatforms: readonly string[];
};

/** Stopping is always right: neither a read-only console nor a late start nor an unnamed channel holds it back. */
export const lockCommandId = 'lock-wipes';

export function authorise(asking: AuthoriseInput): Permission {
  const { command, actor, policy, place, readOnlyPlatforms } = asking;
  if (!hasRole(command, actor)) {
    const suspended = command.roles.some((role) => actor.grantedRoles.has(role));
    return suspended
      ? refused('suspended', suspendedSentence(actor.suspendedBy))
      : refused('role-missing', roleSentence(command));
  }
  const readsOnly = readOnlyPlatforms.some((prefix) => actor.identity.startsWith(prefix));
  if (readsOnly && command.effect !== 'read' && command.id !== lockCommandId) {
    return refused(
      'read-only',
      'This console only reads, because a real Exchange is connected and anybody could sit here. Say it in chat.',
    );
  }
  if (place !== undefined && asking.anywhere !== true && !isNamedPlace(policy, place) && command.anyPlace !== true) {
    return refused(
      'place-not-named',
      'I do not take that here, where people may read along whom policy.yaml does not name. Say it to me in a private conversation or in the helpdesk channel.',
    );
  }
  return { kind: 'allowed' };
}

export function hasRole(command: AnyCommand, actor: Actor): boolean {
  const roles = command.whileSuspended === true ? actor.grantedRoles : actor.roles;
  return command.roles.some((role) => roles.has(role));
}

const plural: Record<Role, string> = {
  user: 'everybody',
  helpdesk: 'helpdesk',
  approver: 'approvers',
  security: 'security',
  admin: 'admins',
};

/** Made once: making one costs more than all the rest of a look at who may. */
const list = new Intl.ListFormat('en-GB', { type: 'conjunction' });

function roleSentence(command: AnyCommand): string {
  const who = list.format(command.roles.map((role) => plural[role]));
  return command.effect === 'destroy' ? `Wipes are in the hands of ${who}.` : `That is for ${who}.`;
}

function refused(code: Extract<Permission, { kind: 'refused' }>['code'], sentence: string): Permission {
  return { kind: 'refused', code, userMessage: sentence };
}
