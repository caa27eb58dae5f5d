import { after, day } from '../../ground/durations.ts';
import type { PersonGuid } from '../../ground/identifiers.ts';
import type { Role } from '../../policy.ts';

export type BreakGlass =
  | { kind: 'ok' }
  | { kind: 'refusal'; code: 'break-glass-role' | 'break-glass-own-device'; userMessage: string };

/** `roles` are the current ones: after suspension, without those that cool off. Owners never break glass for themselves. */
export function mayBreakGlass(input: {
  guid: PersonGuid;
  roles: ReadonlySet<Role>;
  ownerGuid: PersonGuid;
}): BreakGlass {
  if (input.guid === input.ownerGuid) {
    return {
      kind: 'refusal',
      code: 'break-glass-own-device',
      userMessage: 'Nobody breaks the glass for their own phone. Somebody else of security or an admin must.',
    };
  }
  if (input.roles.has('security') || input.roles.has('admin')) return { kind: 'ok' };
  return {
    kind: 'refusal',
    code: 'break-glass-role',
    userMessage: 'Only security and admins break the glass, and not with a role that is new or suspended.',
  };
}

/** When the review is first due, and then each day. */
export function reviewDueAt(from: Date): Date {
  return after(from, day);
}
