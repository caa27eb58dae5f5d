/**
 * What policy.yaml protects with, part by part: where things are said, who counts as VIP, the brake, what an approval takes, which groups
 * count. A part that a new file loosens cools off like a role; until then the stricter of both holds. Pure: kept in policy-changes.ts.
 */
import { canonicalHash } from '../../ground/canonical.ts';
import { namesInList } from '../../message/words.ts';
import { Policy } from '../../policy.ts';

/** Values by their path: `channels.security`, `vip`, `brake.perDay`. */
export type Protections = Readonly<Record<string, unknown>>;

const parts = [
  'channels',
  'commandChannels',
  'vip',
  'brake',
  'approvals',
  'helpdeskGroups',
  'identitiesManaged',
] as const;
/** Who is one human with several mailboxes: by `people`, of which the rest is no part of this. */
const humans = 'mailboxes';
const nested: readonly string[] = ['channels', 'brake', 'approvals'] satisfies readonly (typeof parts)[number][];

export function protectionsOf(policy: Policy): Protections {
  const inParts = parts.flatMap((part): [string, unknown][] =>
    nested.includes(part)
      ? Object.entries(policy[part]).map(([key, value]) => [`${part}.${key}`, value])
      : [[part, policy[part]]],
  );
  return { ...Object.fromEntries(inParts), [humans]: humansOf(policy) };
}

/** The mailboxes of each human who has several, as one text. */
function humansOf({ people }: Policy): string[] {
  return people.filter(({ mailboxes }) => mailboxes.length > 1).map(({ mailboxes }) => namesOf(mailboxes).join(' '));
}

function namesOf(mailboxes: readonly string[]): string[] {
  return [...new Set(mailboxes.map((mailbox) => mailbox.trim().toLowerCase()))].sort();
}

/** Whoever has one of these mailboxes has all of them, whatever the file says of the others. */
function joined(people: Policy['people'], human: string): Policy['people'] {
  const all = human.split(' ');
  const first = people.find(({ mailboxes }) => namesOf(mailboxes).some((mailbox) => all.includes(mailbox)));
  if (first === undefined || all.every((mailbox) => namesOf(first.mailboxes).includes(mailbox))) return people;
  const missing = all.filter((mailbox) => !namesOf(first.mailboxes).includes(mailbox));
  return people.map((person) =>
    person === first ? { ...person, mailboxes: [...person.mailboxes, ...missing] } : person,
  );
}

/** The policy with these protections in the place of its own. A part that this version does not know is left out. */
export function withProtections(policy: Policy, protections: Protections): Policy {
  const changed: Record<string, unknown> = { ...policy };
  const own = protectionsOf(policy);
  for (const [path, value] of Object.entries(protections)) {
    if (!(path in own)) continue;
    if (path === humans) {
      changed.people = texts(value).reduce(joined, policy.people);
      continue;
    }
    const [part = '', key] = path.split('.');
    const section = changed[part];
    changed[part] = key === undefined ? value : { ...(typeof section === 'object' ? section : {}), [key]: value };
  }
  return Policy.parse(changed);
}

/** What holds of a part while a change of it cools off: as strict as both. `next` itself where the change loosens nothing. */
export function stricterOf(path: string, held: unknown, next: unknown): unknown {
  // Nothing held: a part that the version before did not know, which protected nothing.
  if (held === undefined || isSame(held, next)) return next;
  if (path.startsWith('channels.') || path === 'vip')
    return texts(next, held).length === texts(next).length ? next : texts(next, held);
  if (path === humans) {
    const stays = (human: string) =>
      texts(next).some((each) => human.split(' ').every((mailbox) => each.split(' ').includes(mailbox)));
    const split = texts(held).filter((human) => !stays(human));
    return split.length === 0 ? next : [...texts(next), ...split];
  }
  if (path === 'helpdeskGroups' || path === 'commandChannels') {
    const both = texts(next).filter((each) => texts(held).includes(each));
    return both.length === texts(next).length ? next : both;
  }
  if (typeof held === 'number' && typeof next === 'number') return Math.min(held, next);
  if (typeof held === 'boolean' && typeof next === 'boolean') return held && next;
  if (path === 'approvals.stepUp') {
    const [from, to] = [held, next].map((word) => stepUpWords.indexOf(String(word)));
    if (from === 0 || (from !== -1 && (to ?? -1) > (from ?? -1))) return next;
  }
  // Whether it is looser is not known here: what held goes on to hold.
  return held;
}

const stepUpWords = ['off', 'full', 'always'];

export function isSame(one: unknown, other: unknown): boolean {
  return canonicalHash(one ?? null) === canonicalHash(other ?? null);
}

/** "brake.perDay 20 → 100", "channels.security: 1 fewer": nothing private. */
export function describeChange(path: string, from: unknown, to: unknown): string {
  if (!Array.isArray(from) || !Array.isArray(to)) return `${path} ${plain(from)} → ${plain(to)}`;
  const gone = texts(from).filter((each) => !texts(to).includes(each)).length;
  const added = texts(to).filter((each) => !texts(from).includes(each)).length;
  const said = [...(gone === 0 ? [] : [`${gone} fewer`]), ...(added === 0 ? [] : [`${added} more`])];
  return `${path}: ${said.length === 0 ? 'another order' : namesInList(said, 'and')}`;
}

function plain(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'changed';
}

/** Every text of these lists, once. */
function texts(...lists: readonly unknown[]): string[] {
  return [...new Set(lists.flat().filter((each) => typeof each === 'string'))];
}
