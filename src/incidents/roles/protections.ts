/**
 * What policy.yaml protects with, field by field: where things are said, who counts as VIP, the brake, what an approval takes, how long
 * traces are kept. A field that a new file loosens cools off like a role; until then the stricter of both holds. Pure: kept in
 * policy-changes.ts.
 */
import { canonicalHash } from '../../ground/canonical.ts';
import { assertNever } from '../../ground/errors.ts';
import { namesInList } from '../../message/words.ts';
import { Policy } from '../../policy.ts';

/** Values by their path: `channels.security`, `vip`, `brake.perDay`. */
export type Protections = Readonly<Record<string, unknown>>;

/** Which change of a field loosens it. */
type Loosening =
  /** None: it protects nobody, or something else sees to it. */
  | 'none'
  | 'every-change'
  | 'to-true'
  | 'larger'
  | 'smaller'
  /** An entry of a list less, or one more. */
  | 'fewer'
  | 'more'
  /** Fewer mailboxes of one human; of `people` alone. */
  | 'split-humans'
  /** A list in the place of `anyone`, or a mailbox fewer; of `rota` alone. */
  | 'fewer-asked'
  /** `off` rather than `full`, `full` rather than `always`, and every change of a list; of `approvals.stepUp` alone. */
  | 'weaker-step-up'
  /** Another mail server, or an address or webhook fewer; of `alarms` alone. */
  | 'fewer-alarmed';

type LooseningOf<Value> =
  | 'none'
  | 'every-change'
  | (Value extends boolean ? 'to-true' : never)
  | (Value extends number ? 'larger' | 'smaller' : never)
  | (Value extends readonly string[] ? 'fewer' | 'more' : never)
  | (Value extends Policy['people'] ? 'split-humans' : never)
  | (Value extends Policy['rota'] ? 'fewer-asked' : never)
  | (Value extends Policy['approvals']['stepUp'] ? 'weaker-step-up' : never);

/** A section without a value of its own is told field by field. */
type LooseningOfAll = {
  readonly [Section in keyof Policy]: Section extends 'alarms'
    ? 'fewer-alarmed'
    : Policy[Section] extends readonly unknown[] | string | boolean | number
      ? LooseningOf<Policy[Section]>
      : { readonly [Field in keyof Policy[Section]]: LooseningOf<Policy[Section][Field]> };
};

/** The decision on every field of policy.yaml: a new one does not compile before it stands here. docs/policy.md says the same. */
export const loosening = {
  // Roles and accounts cool off as grants (cooling.ts); here is only who is one human.
  people: 'split-humans',
  helpdeskGroups: 'more',
  identitiesManaged: 'to-true',
  vip: 'fewer',
  approvals: {
    expireMinutes: 'larger',
    executeWithinMinutes: 'larger',
    ownersMayAsk: 'to-true',
    stepUp: 'weaker-step-up',
  },
  rota: 'fewer-asked',
  brake: { perRequesterAndDay: 'larger', perTenMinutes: 'larger', perDay: 'larger' },
  // Later is looser: nobody hears meanwhile that a phone is not reached, or that a password still waits.
  planB: { afterMinutes: 'larger', afterHeartbeatMinutes: 'larger', againMinutes: 'larger' },
  holdMaxHours: 'larger',
  // What is deleted does not come back, and it may be somebody's trace.
  retention: {
    inboxDays: 'smaller',
    deliveriesDays: 'smaller',
    actionsDays: 'smaller',
    evidenceDays: 'smaller',
    rollUpDays: 'smaller',
  },
  notificationDomains: 'more',
  // A place more hears more, and everybody hears of that; a place fewer is how somebody keeps them from hearing.
  channels: { helpdesk: 'fewer', approvals: 'fewer', security: 'fewer', mailOperations: 'fewer', audit: 'fewer' },
  // Who takes alarms away is whom they are about.
  alarms: 'fewer-alarmed',
  commandChannels: 'more',
  timeZone: 'none',
  // By it a wipe that Exchange holds counts as ours, or as somebody else's.
  exchange: { requestor: 'every-change' },
  // Where logs are read, and names for readers: nothing is allowed or refused by them.
  servers: 'none',
  edges: 'none',
  networks: 'none',
} as const satisfies LooseningOfAll;

/** Under this path the store keeps who is one human: by `people`, of which the rest is no part of this. */
const humans = 'mailboxes';

/** The protecting fields by their paths. */
const rules = new Map<string, Loosening>(
  Object.entries(loosening)
    .flatMap(([section, of]): [string, Loosening][] =>
      typeof of === 'string'
        ? [[section === 'people' ? humans : section, of]]
        : Object.entries(of).map(([field, each]) => [`${section}.${field}`, each]),
    )
    .filter(([, of]) => of !== 'none'),
);

export function protectionsOf(policy: Policy): Protections {
  return Object.fromEntries(
    [...rules.keys()].map((path) => [path, path === humans ? humansOf(policy) : (at(policy, path) ?? null)]),
  );
}

function at(policy: Policy, path: string): unknown {
  const [section = '', field] = path.split('.');
  const value: unknown = Object.entries(policy).find(([key]) => key === section)?.[1];
  if (field === undefined || typeof value !== 'object' || value === null) return value;
  return Object.entries(value).find(([key]) => key === field)?.[1];
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

/** The policy with these protections in the place of its own. A field that this version does not know is left out. */
export function withProtections(policy: Policy, protections: Protections): Policy {
  const changed: Record<string, unknown> = { ...policy };
  for (const [path, value] of Object.entries(protections)) {
    if (!rules.has(path)) continue;
    if (path === humans) {
      changed.people = texts(value).reduce(joined, policy.people);
      continue;
    }
    const [section = '', field] = path.split('.');
    const whole = changed[section];
    if (field !== undefined) changed[section] = { ...(typeof whole === 'object' ? whole : {}), [field]: value };
    // A section that is not there is told of as none.
    else if (value === null || value === undefined) delete changed[section];
    else changed[section] = value;
  }
  return Policy.parse({ ...changed, rota: ofThoseWhoDecide(changed.rota, policy) });
}

/** A rota that cools off may name somebody who decides no more: they are not waited for. */
function ofThoseWhoDecide(rota: unknown, { people }: Policy): unknown {
  if (!Array.isArray(rota)) return rota;
  const deciding = people
    .filter(({ roles }) => roles.includes('approver') || roles.includes('admin'))
    .flatMap(({ mailboxes }) => mailboxes.map((mailbox) => mailbox.toLowerCase()));
  const left = texts(rota).filter((mailbox) => deciding.includes(mailbox.toLowerCase()));
  return left.length === 0 ? 'anyone' : left;
}

/** What holds of a field while a change of it cools off: as strict as both. `next` itself where the change loosens nothing. */
export function stricterOf(path: string, held: unknown, next: unknown): unknown {
  // Nothing held: a field that the version before did not know, which protected nothing.
  if (held === undefined || held === null || isSame(held, next)) return next;
  const rule = rules.get(path) ?? 'none';
  switch (rule) {
    case 'none':
      return next;
    case 'every-change':
      return held;
    case 'to-true':
      return next === true ? held : next;
    case 'larger':
      return Number(next) > Number(held) ? held : next;
    case 'smaller':
      return Number(next) < Number(held) ? held : next;
    case 'fewer':
      return texts(next, held).length === texts(next).length ? next : texts(next, held);
    case 'more': {
      const both = texts(next).filter((each) => texts(held).includes(each));
      return both.length === texts(next).length ? next : both;
    }
    case 'split-humans': {
      const stays = (human: string) =>
        texts(next).some((each) => human.split(' ').every((mailbox) => each.split(' ').includes(mailbox)));
      const split = texts(held).filter((human) => !stays(human));
      return split.length === 0 ? next : [...texts(next), ...split];
    }
    case 'fewer-asked':
      return next === 'anyone' || (held !== 'anyone' && texts(held).every((each) => texts(next).includes(each)))
        ? next
        : held;
    case 'weaker-step-up': {
      const [from, to] = [held, next].map((word) => stepUpWords.indexOf(String(word)));
      const stronger = from === 0 || (from !== -1 && (to ?? -1) > (from ?? -1));
      return stronger ? next : held;
    }
    case 'fewer-alarmed':
      return keepsAlarms(Alarms.parse(held), Alarms.parse(next ?? undefined)) ? next : held;
    default:
      return assertNever(rule, 'loosening');
  }
}

const Alarms = Policy.shape.alarms;

/** Whether everybody whom these alarms reached is reached in the same way by those. */
function keepsAlarms(held: Policy['alarms'], next: Policy['alarms']): boolean {
  const server = ({ to: _, ...rest }: Partial<NonNullable<NonNullable<Policy['alarms']>['email']>> = {}) => rest;
  return (
    (held?.email === undefined || isSame(server(held.email), server(next?.email))) &&
    (held?.webhooks === undefined || held.caFile === next?.caFile) &&
    [...(held?.email?.to ?? [])].every((address) => next?.email?.to.includes(address)) &&
    [...(held?.webhooks ?? [])].every((url) => next?.webhooks?.includes(url))
  );
}

const stepUpWords = ['off', 'full', 'always'];

export function isSame(one: unknown, other: unknown): boolean {
  return canonicalHash(one ?? null) === canonicalHash(other ?? null);
}

/** "brake.perDay 20 → 100", "channels.security: 1 fewer": nothing private. */
export function describeChange(path: string, from: unknown, to: unknown): string {
  if (isPlain(from) && isPlain(to)) return `${path} ${from} → ${to}`;
  if (!Array.isArray(from) || !Array.isArray(to)) return `${path}: another`;
  const gone = texts(from).filter((each) => !texts(to).includes(each)).length;
  const added = texts(to).filter((each) => !texts(from).includes(each)).length;
  const said = [...(gone === 0 ? [] : [`${gone} fewer`]), ...(added === 0 ? [] : [`${added} more`])];
  return `${path}: ${said.length === 0 ? 'another order' : namesInList(said, 'and')}`;
}

function isPlain(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/** Every text of these lists, once. */
function texts(...lists: readonly unknown[]): string[] {
  return [...new Set(lists.flat().filter((each) => typeof each === 'string'))];
}
