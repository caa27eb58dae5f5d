import { BlockList, isIP } from 'node:net';
import type { Policy } from '../policy.ts';

/**
 * Networks that addresses come from, the commonest first: by policy's name where it lists the range, else by /24 (IPv4) or /48
 * (IPv6). What kind of network it is, mobile or hosting, cannot be told from an address alone, and is not claimed.
 */
export function networksOf(
  addresses: readonly string[],
  named: Policy['networks'],
): { name: string; addresses: number }[] {
  const lists = named.map(({ name, ranges }) => ({ name, list: listOf(ranges) }));
  const counts = new Map<string, number>();
  for (const address of new Set(addresses)) {
    const family = isIP(address);
    if (family === 0) continue;
    const own = lists.find(({ list }) => list.check(address, family === 6 ? 'ipv6' : 'ipv4'));
    const name = own?.name ?? rangeOf(address, family);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => ({ name, addresses: count }))
    .sort((one, other) => other.addresses - one.addresses);
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [base = '', length] = range.split('/');
    const family = isIP(base);
    if (family === 0) continue;
    list.addSubnet(
      base,
      length === undefined ? (family === 6 ? 128 : 32) : Number(length),
      family === 6 ? 'ipv6' : 'ipv4',
    );
  }
  return list;
}

function rangeOf(address: string, family: number): string {
  if (family === 4) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const groups = address.split('::')[0]?.split(':').slice(0, 3) ?? [];
  return `${groups.join(':')}::/48`;
}
