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

/** Under which accounts a person may stand in the logs: whole addresses, and names without a domain or behind a backslash. */
export function accountsOf(person: AccountOwner): { addresses: string[]; names: string[] } {
  const lower = [person.upn, person.primarySmtp, ...person.addresses].map((address) => address.toLowerCase());
  const names = [person.alias.toLowerCase(), bareAccount(person.upn)];
  const filled = (texts: string[]) => [...new Set(texts)].filter((text) => text !== '');
  return { addresses: filled(lower), names: filled(names) };
}

/**
 * Which person an account of the logs is. A UPN or address names one person for certain; a bare or `DOMAIN\` name does so only
 * while no two people share it, else nobody is named rather than the wrong one.
 */
export function accountOwners(people: readonly AccountOwner[]): (account: string) => string | undefined {
  const { note, ownerOf } = accountIndex();
  for (const person of people) note(person);
  return ownerOf;
}

/** The same, for people who are noted one after the other. */
export function accountIndex(): {
  note(person: AccountOwner): void;
  ownerOf(account: string): string | undefined;
} {
  const exact = new Map<string, string | undefined>();
  const bare = new Map<string, string | undefined>();
  function add(map: Map<string, string | undefined>, name: string, guid: string): void {
    map.set(name, map.has(name) && map.get(name) !== guid ? undefined : guid);
  }
  return {
    note: (person) => {
      const { addresses, names } = accountsOf(person);
      for (const address of addresses) add(exact, address, person.guid);
      for (const name of names) add(bare, name, person.guid);
    },
    ownerOf: (account) => {
      const lower = account.trim().toLowerCase();
      if (exact.has(lower)) return exact.get(lower);
      return lower.includes('@') ? undefined : bare.get(bareAccount(lower));
    },
  };
}
