import type { Identity } from '../ground/addresses.ts';
import type { Role } from '../policy.ts';
import type { Person } from './person.ts';

/** The person who typed or clicked: one directory person, however many chats and addresses they have. */
export type Actor = {
  readonly person: Person;
  readonly identity: Identity;
  /** What they hold now, after suspension; at least `user`. */
  readonly roles: ReadonlySet<Role>;
  /** Numbers of the incidents that suspend them: while there are any they hold only `user` (and `lock wipes`). */
  readonly suspendedBy: readonly number[];
  /** Roles that policy grants them, before suspension: `lock wipes` looks here. */
  readonly grantedRoles: ReadonlySet<Role>;
};
