/** The bare name in an account, lower case: `contoso\alice`, `alice@contoso.example` and `alice` all give `alice`. */
export function bareAccount(account: string): string {
  const afterDomain = account.slice(account.lastIndexOf('\\') + 1);
  const at = afterDomain.indexOf('@');
  return (at > 0 ? afterDomain.slice(0, at) : afterDomain).trim().toLowerCase();
}

/** A person as far as accounts go; see directory/person.ts. */
export type AccountOwner = {
  guid: string;
  alias: string;
  upn: string;
  primarySmtp: string;
  addresses: readonly string[];
};

/**
 * Which person an account of the logs is. A UPN or address names one person for certain; a bare or `DOMAIN\` name does so only
 * while no two people share it, else nobody is named rather than the wrong one.
 */
export function accountOwners(people: readonly AccountOwner[]): (account: string) => string | undefined {
  const exact = new Map<string, string | undefined>();
  const bare = new Map<string, string | undefined>();
  function note(map: Map<string, string | undefined>, name: string, guid: string): void {
    if (name === '') return;
    map.set(name, map.has(name) && map.get(name) !== guid ? undefined : guid);
  }
  for (const person of people) {
    for (const address of [person.upn, person.primarySmtp, ...person.addresses])
      note(exact, address.toLowerCase(), person.guid);
    const names = new Set([person.alias.toLowerCase(), bareAccount(person.upn)]);
    for (const name of names) note(bare, name, person.guid);
  }
  return (account) => {
    const lower = account.trim().toLowerCase();
    if (exact.has(lower)) return exact.get(lower);
    return lower.includes('@') ? undefined : bare.get(bareAccount(lower));
  };
}
