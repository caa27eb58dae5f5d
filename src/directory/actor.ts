import type { Identity } from '../ground/addresses.ts';
import type { Role } from '../policy.ts';
import type { Person } from './person.ts';

/** The person who typed or clicked: one directory person, however many chats and addresses he has. */
export type Actor = {
  readonly person: Person;
  readonly identity: Identity;
  /** What he holds now, after suspension; at least `user`. */
  readonly roles: ReadonlySet<Role>;
  /** Numbers of open incidents on his own devices: while there are any he holds only `user` (and `lock wipes`). */
  readonly suspendedBy: readonly number[];
  /** Roles that policy grants him, before suspension: `lock wipes` looks here. */
  readonly grantedRoles: ReadonlySet<Role>;
};
