import { createHash } from 'node:crypto';

/** A GUID that is always the same for the same name: the lab's objects keep theirs over every start from one seed. */
export function guidFrom(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  // Version 4 and variant bits, as Exchange's own GUIDs have them.
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
