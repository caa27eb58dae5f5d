/** What of policy.yaml does not fit the world it speaks of: people nobody knows, accounts nobody can speak from, rights too few hold. */
import type { Kysely } from 'kysely';
import { findPeople, personByAddress } from '../../directory/find.ts';
import type { DoctorRow } from '../../ground/doctor-row.ts';
import type { Organisation } from '../../ground/identifiers.ts';
import { namesInList } from '../../message/words.ts';
import type { Policy, PolicyPerson } from '../../policy.ts';
import type { Database } from '../../store/schema.ts';
import { isVip } from '../approvals/rules.ts';
import { holdersOfRight, rightNames, rights } from './rights.ts';

/** Fewer make one holiday and one lost phone too many. */
const enoughHolders = 3;

/** Whether the directory knows somebody by this; undefined where there is no directory yet. */
export type Knows = (name: string) => Promise<boolean>;

/** The directory that the store holds; undefined while it is empty, for it is read after the first start. */
export async function storedDirectory(db: Kysely<Database>, organisation: Organisation): Promise<Knows | undefined> {
  const anybody = await db
    .selectFrom('person')
    .select('guid')
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .limit(1)
    .executeTakeFirst();
  if (anybody === undefined) return undefined;
  return async (name) => {
    if ((await personByAddress(db, organisation, name)) !== undefined) return true;
    const found = await findPeople(db, organisation, name);
    return found.kind === 'one' && isVip({ vip: [name] }, found.person);
  };
}

/** Unknown VIPs and mailboxes, and accounts only of chat platforms that are not connected. `prefixes`: of those that are (`slack`). */
export async function policyDoubts(
  policy: Policy,
  { knows, prefixes }: { knows: Knows | undefined; prefixes: readonly string[] },
): Promise<DoctorRow[]> {
  const rows: DoctorRow[] = [];
  if (knows !== undefined) {
    const vips = await unknown(policy.vip, knows);
    if (vips.length > 0) {
      rows.push({
        check: 'VIPs',
        ok: false,
        found: `the directory knows nobody called ${namesInList(vips, 'or')}`,
        remedy: 'correct vip in policy.yaml: a wipe of a phone of theirs takes one approver now, as of anybody else',
      });
    }
    for (const person of policy.people) {
      const mailboxes = await unknown(person.mailboxes, knows);
      if (mailboxes.length === 0) continue;
      rows.push({
        check: `mailbox of ${person.name}`,
        ok: false,
        found: `the directory knows no ${namesInList(mailboxes, 'or')}`,
        remedy: `correct it in policy.yaml: ${person.name} has no role now; the directory is read hourly`,
      });
    }
  }
  const connected = (person: PolicyPerson) =>
    person.identities.some((identity) => prefixes.includes(identity.slice(0, identity.indexOf(':'))));
  for (const person of policy.people.filter((each) => each.roles.length > 0 && !connected(each))) {
    rows.push({
      check: `accounts of ${person.name}`,
      ok: false,
      found: `only of chat platforms that are not connected: ${namesInList(person.identities, 'and')}`,
      remedy: `list an account of ${namesInList(prefixes, 'or')} in policy.yaml: nobody can speak as ${person.name} (${namesInList(person.roles, 'and')}) now`,
    });
  }
  return rows;
}

async function unknown(names: readonly string[], knows: Knows): Promise<string[]> {
  const missing: string[] = [];
  for (const name of names) if (!(await knows(name))) missing.push(name);
  return missing;
}

/** A row for each right that fewer than three people hold, of those that `holders` counts. */
export function rightRows(holders: Readonly<Record<keyof typeof rights, readonly string[]>>): DoctorRow[] {
  return rightNames.map((right) => {
    const names = holders[right];
    const check = `people who can ${rights[right].does}`;
    const found = `${names.length}${names.length === 0 ? '' : `: ${namesInList(names, 'and')}`}`;
    if (names.length >= enoughHolders) return { check, ok: true, found };
    const roles = namesInList([...rights[right].roles], 'or');
    const remedy = `let at least ${enoughHolders} people be ${roles} in policy.yaml: one may be away while another's phone is lost`;
    return { check, ok: names.length > 1, found, remedy };
  });
}

/** Who is listed for each right, whatever holds of them now. */
export function listedHolders(policy: Policy): Record<keyof typeof rights, string[]> {
  const of = (right: keyof typeof rights) =>
    policy.people
      .filter((person) => rights[right].roles.some((role) => person.roles.includes(role)))
      .map((person) => person.name);
  return { decide: of('decide'), restore: of('restore'), unlock: of('unlock') };
}

/** Who holds each right now: in the directory, not suspended, and not with a new role. */
export async function presentHolders(
  db: Kysely<Database>,
  policy: Policy,
  organisation: Organisation,
  now: Date,
): Promise<Record<keyof typeof rights, string[]>> {
  const of = async (right: keyof typeof rights) =>
    (await holdersOfRight(db, policy, organisation, right, now)).map(({ displayName }) => displayName);
  return { decide: await of('decide'), restore: await of('restore'), unlock: await of('unlock') };
}

/** Hints at one human who is listed as two, or has a mailbox that policy does not list with theirs. */
export async function lookAlikes(
  db: Kysely<Database>,
  policy: Policy,
  organisation: Organisation,
): Promise<DoctorRow[]> {
  const people = await db
    .selectFrom('person')
    .select(['guid', 'displayName', 'primarySmtp', 'alias'])
    .where('organisation', '=', organisation)
    .where('gone', '=', false)
    .where('mailboxType', '=', 'user')
    .execute();
  const byName = new Map<string, string[]>();
  for (const { displayName, primarySmtp } of people) {
    const name = plainName(displayName);
    byName.set(name, [...(byName.get(name) ?? []), primarySmtp]);
  }
  const rows: DoctorRow[] = [];
  for (const entry of policy.people.filter(({ roles }) => roles.length > 0)) {
    const person = await personByAddress(db, organisation, entry.mailbox);
    if (person === undefined) continue;
    const own = new Set([...person.addresses, ...entry.mailboxes.map((each) => each.toLowerCase())]);
    const others = (byName.get(plainName(person.displayName)) ?? []).filter((each) => !own.has(each.toLowerCase()));
    if (others.length === 0) continue;
    rows.push({
      check: `mailboxes of ${entry.name}`,
      ok: true,
      found: `${namesInList(others, 'and')} may be of the same human`,
      remedy: `if so, list it: mailbox: [${entry.mailbox}, …], or one human is two people who approve each other's wipes`,
    });
  }
  return rows;
}

/** "Ada Romero (Admin)", "adm Ada Romero" and "Romero, Ada" are one name. */
function plainName(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\([^)]*\)/g, ' ')
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '' && !/^(adm|admin|administrator|priv|privileged|test|t[012])$/.test(word))
    .sort()
    .join(' ');
}
