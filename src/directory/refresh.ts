/** People as Exchange reports them: the whole directory hourly, one name when somebody typed one that is not known yet. */
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { getMailbox, type MailboxRow } from '../exchange/cmdlets/get-mailbox.ts';
import { getRecipient } from '../exchange/cmdlets/get-recipient.ts';
import { getUser, type UserRow } from '../exchange/cmdlets/get-user.ts';
import { listMailboxes } from '../exchange/cmdlets/list-mailboxes.ts';
import { listUsers } from '../exchange/cmdlets/list-users.ts';
import { type Exchange, ExchangeError, type Unreadable } from '../exchange/port.ts';
import type { Clock } from '../ground/clock.ts';
import { after, hour } from '../ground/durations.ts';
import type { Organisation, PersonGuid } from '../ground/identifiers.ts';
import { packedRows } from '../ground/packed-rows.ts';
import type { Database } from '../store/schema.ts';
import { readSetting, storeSetting } from '../store/settings.ts';
import type { Person } from './person.ts';
import { markAbsent, peopleAtOnce, personFromRow, storePeople } from './store-people.ts';

/** One listing that lacks somebody proves nothing, as Exchange answers in part now and then: who lacks in those of two hours is gone. */
const missedFor = 2 * hour;

/**
 * Reads every mailbox and stores its person where something is new; who has not been there for a while is marked as gone. Throws
 * ExchangeError, and then changes nothing. An empty answer changes nothing either: an organisation without mailboxes would have no bot.
 */
export async function refreshDirectory(input: {
  db: Kysely<Database>;
  exchange: Exchange<'read'>;
  clock: Clock;
}): Promise<{ people: number; written: number; gone: number }> {
  const { db, exchange, clock } = input;
  const began = clock.now();
  let whole = true;
  const onUnreadable = ({ rowLost }: Unreadable) => {
    whole &&= !rowLost;
  };
  const mailboxes = packedRows<MailboxRow>(peopleAtOnce);
  const told = new Set<PersonGuid>();
  await exchange.run(
    listMailboxes,
    {},
    {
      onUnreadable,
      into: {
        begin: () => {
          mailboxes.clear();
          told.clear();
        },
        take: (rows) => {
          mailboxes.add(rows);
          for (const { guid } of rows) told.add(guid);
        },
      },
    },
  );
  if (told.size === 0) return { people: 0, written: 0, gone: 0 };
  const users = await readUsers(exchange);
  const { organisation } = exchange;
  return await db.transaction().execute(async (tx) => {
    let written = 0;
    for (const some of mailboxes.pages()) {
      const known = await knownPeople(tx, some);
      for (const isTold of [true, false]) {
        const people = some
          .filter(({ objectGuid }) => users.has(objectGuid) === isTold)
          .map((mailbox) => personFrom(mailbox, users.get(mailbox.objectGuid), exchange, known.get(mailbox.guid)));
        written += await storePeople(tx, people, began, isTold ? undefined : 'mailbox');
      }
    }
    const gone = await markAbsent(tx, organisation, {
      told,
      last: await lastListing(tx, organisation),
      // A mailbox whose row could not be read is not gone.
      goneBefore: whole ? after(began, -missedFor) : undefined,
    });
    await storeSetting(tx, listingKey(organisation), { began: began.toISOString() });
    return { people: told.size, written, gone };
  });
}

/** What the directory keeps of a user. */
type UserFacts = Pick<UserRow, 'department' | 'phone' | 'homePhone' | 'managerName'>;

/** By the directory object's GUID; one whose row was not read whole is left out, and stays as it is known. */
async function readUsers(exchange: Exchange<'read'>): Promise<Map<string, UserFacts>> {
  const users = new Map<string, UserFacts>();
  // Thousands share a department and a manager: each is kept once.
  const texts = new Map<string, string>();
  const once = (text: string): string => {
    if (!texts.has(text)) texts.set(text, text);
    return texts.get(text) ?? text;
  };
  await exchange.run(
    listUsers,
    {},
    {
      onUnreadable: () => undefined,
      into: {
        begin: () => users.clear(),
        take: (rows) => {
          for (const { objectGuid, department, phone, homePhone, managerName, unreadable } of rows) {
            if (unreadable.length > 0) continue;
            users.set(objectGuid, { department: once(department), phone, homePhone, managerName: once(managerName) });
          }
        },
      },
    },
  );
  return users;
}

const Listing = z.object({ began: z.iso.datetime().transform((text) => new Date(text)) });

function listingKey(organisation: Organisation): string {
  return `directory.listing.${organisation}`;
}

/** When the last listing began; undefined before there was one. */
async function lastListing(db: Kysely<Database>, organisation: Organisation): Promise<Date | undefined> {
  return Listing.safeParse(await readSetting(db, listingKey(organisation))).data?.began;
}

/** Asks Exchange for one name and stores who has it; empty when it knows nobody. Throws ExchangeError. */
export async function lookUpPeople(
  input: { db: Kysely<Database>; exchange: Exchange<'read'>; clock: Clock },
  text: string,
): Promise<Person[]> {
  const { db, exchange, clock } = input;
  const recipients = await exchange.run(getRecipient, { Anr: text });
  const people: Person[] = [];
  for (const { mailboxGuid } of recipients) {
    if (mailboxGuid === undefined) continue;
    people.push(...(await readPerson(db, exchange, mailboxGuid).catch(oddOne)));
  }
  await storePeople(db, people, clock.now());
  return people;
}

/** One recipient whose rows cannot be read hides nobody else. */
function oddOne(error: unknown): Person[] {
  if (error instanceof ExchangeError && error.code === 'exchange-bad-answer') return [];
  throw error;
}

async function readPerson(db: Kysely<Database>, exchange: Exchange<'read'>, mailboxGuid: string): Promise<Person[]> {
  try {
    const [mailbox] = await exchange.run(getMailbox, { Identity: mailboxGuid });
    if (mailbox === undefined) return [];
    const [user] = await exchange.run(getUser, { Identity: mailbox.objectGuid });
    const known = await knownPeople(db, [mailbox]);
    return [personFrom(mailbox, user, exchange, known.get(mailbox.guid))];
  } catch (error) {
    // Between the two questions a mailbox can go.
    if (error instanceof ExchangeError && error.code === 'exchange-not-found') return [];
    throw error;
  }
}

/** Those whose mailbox's row lacks something that every mailbox has, as they were stored before. */
async function knownPeople(db: Kysely<Database>, mailboxes: readonly MailboxRow[]): Promise<Map<string, Person>> {
  const odd = mailboxes.filter(
    ({ displayName, alias, upn, primarySmtp, addresses, recipientTypeDetails, accountDisabled }) =>
      [displayName, alias, upn, primarySmtp, recipientTypeDetails].includes('') ||
      addresses.length === 0 ||
      accountDisabled === null,
  );
  const guids = odd.map(({ guid }) => guid);
  const rows =
    guids.length === 0
      ? []
      : await db.selectFrom('person').selectAll().where(sql<boolean>`guid = any(${guids}::text[])`).execute();
  return new Map(rows.map((row) => [row.guid, personFromRow(row)]));
}

/** What a row does not tell, or not so that it can be read, stays as `known`: roles, VIPs and suspensions rest on it. */
function personFrom(
  mailbox: MailboxRow,
  user: UserFacts | undefined,
  { organisation }: Pick<Exchange, 'organisation'>,
  known: Person | undefined,
): Person {
  const primarySmtp = mailbox.primarySmtp || (known?.primarySmtp ?? '');
  const accountEnabled = mailbox.accountDisabled === null ? known?.accountEnabled : !mailbox.accountDisabled;
  return {
    guid: mailbox.guid,
    organisation,
    displayName: mailbox.displayName || (known?.displayName ?? ''),
    alias: mailbox.alias || (known?.alias ?? ''),
    upn: mailbox.upn || (known?.upn ?? ''),
    primarySmtp,
    addresses: [
      ...new Set([
        primarySmtp.toLowerCase(),
        ...(mailbox.addresses.length === 0 ? (known?.addresses ?? []) : mailbox.addresses),
      ]),
    ].filter((one) => one !== ''),
    department: user?.department ?? '',
    // Not the mobile number: a call-back must not reach the phone that is lost.
    phones: [user?.phone ?? '', user?.homePhone ?? ''].filter((number) => number !== ''),
    managerName: user?.managerName ?? '',
    mailboxType:
      mailbox.recipientTypeDetails === '' && known !== undefined
        ? known.mailboxType
        : typeOf(mailbox.recipientTypeDetails),
    ...(accountEnabled === undefined ? {} : { accountEnabled }),
  };
}

/** `RemoteSharedMailbox` and `LinkedRoomMailbox` are of the same kind as their plain forms. */
function typeOf(recipientTypeDetails: string): Person['mailboxType'] {
  if (/UserMailbox$/i.test(recipientTypeDetails) || /^LinkedMailbox$/i.test(recipientTypeDetails)) return 'user';
  if (/SharedMailbox$/i.test(recipientTypeDetails)) return 'shared';
  if (/RoomMailbox$/i.test(recipientTypeDetails)) return 'room';
  if (/EquipmentMailbox$/i.test(recipientTypeDetails)) return 'equipment';
  return 'other';
}
