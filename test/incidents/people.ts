import type { Actor } from '../../src/directory/actor.ts';
import type { Role } from '../../src/policy.ts';

/** An actor by his name; `guid` differs from person to person, whichever chat account he uses. */
export function actor(name: string, roles: readonly Role[], changes: Partial<Actor> = {}): Actor {
  const held = new Set<Role>(['user', ...roles]);
  return {
    person: {
      guid: `guid-${name}`,
      organisation: 'lab',
      displayName: name,
      alias: name,
      upn: `${name}@contoso.example`,
      primarySmtp: `${name}@contoso.example`,
      addresses: [`${name}@contoso.example`, `${name}.old@contoso.example`],
      department: '',
      phones: [],
      managerName: '',
      mailboxType: 'user',
    },
    identity: `console:${name}`,
    roles: held,
    grantedRoles: held,
    suspendedBy: [],
    ...changes,
  };
}
