import { BlockList, isIP } from 'node:net';
import { MislaidError } from '../ground/errors.ts';
import type { Policy } from '../policy.ts';

/** Finds the name of the first network of policy.yaml that an address is in, or ''. Throws `policy-invalid` on a range that is none. */
export function networkNames(networks: Policy['networks']): (address: string) => string {
  const lists = networks.map(({ name, ranges }) => {
    const list = new BlockList();
    for (const range of ranges) add(list, range, name);
    return { name, list };
  });
  const known = new Map<string, string>();
  return (address) => {
    const found = known.get(address);
    if (found !== undefined) return found;
    const version = isIP(address);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    const name = version === 0 ? '' : (lists.find(({ list }) => list.check(address, family))?.name ?? '');
    known.set(address, name);
    return name;
  };
}

/**
 * The network that all of these addresses are in, else '': a phone that is in the office and outside is of neither, since its waits do
 * not tell where they were held.
 */
export function soleNetwork(addresses: readonly string[], nameOf: (address: string) => string): string {
  const [network = '', ...others] = new Set(addresses.map(nameOf));
  return others.length === 0 ? network : '';
}

/** `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.7`, `192.0.2.1-192.0.2.9`. */
function add(list: BlockList, range: string, name: string): void {
  const [first = '', last] = range.split('-').map((part) => part.trim());
  const [address = '', prefix] = first.split('/');
  const version = isIP(address);
  const family = version === 6 ? 'ipv6' : 'ipv4';
  try {
    if (version === 0) throw new TypeError('no address');
    if (last !== undefined) list.addRange(address, last, family);
    else if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  } catch (cause) {
    const problem = `networks: ${name} has a range that is none. Write 192.0.2.0/24, an address, or two addresses with a hyphen.`;
    throw new MislaidError({
      code: 'policy-invalid',
      message: problem,
      userMessage: `policy.yaml, ${problem}`,
      cause,
    });
  }
}
