/** People as Exchange reports them: the whole directory hourly, one name when somebody typed one that is not known yet. */
import type { Kysely } from 'kysely';
import { getMailbox, type MailboxRow } from '../exchange/cmdlets/get-mailbox.ts';
import { getRecipient } from '../exchange/cmdlets/get-recipient.ts';
import { getUser, type UserRow } from '../exchange/cmdlets/get-user.ts';
import { listMailboxes } from '../exchange/cmdlets/list-mailboxes.ts';
import { listUsers } from '../exchange/cmdlets/list-users.ts';
import { type Exchange, ExchangeError, type Unreadable } from '../exchange/port.ts';
import type { Clock } from '../ground/clock.ts';
import type { Database } from '../store/schema.ts';
import type { Person } from './person.ts';
import { markGone, storePeople } from './store-people.ts';

/**
 * Reads every mailbox and stores its person; who is no longer there is marked as gone. Throws ExchangeError, and then changes
 * nothing. An empty answer changes nothing either: an organisation without mailboxes would have no bot.
 */
export async function refreshDirectory(input: {
  db: Kysely<Database>;
  exchange: Exchange<'read'>;
  clock: Clock;
}): Promise<{ people: number; gone: number }> {
  const { db, exchange, clock } = input;
  const began = clock.now();
  let whole = true;
  const onUnreadable = ({ rowLost }: Unreadable) => {
    whole &&= !rowLost;
  };
  const mailboxes = await exchange.run(listMailboxes, {}, { onUnreadable });
  if (mailboxes.length === 0) return { people: 0, gone: 0 };
  const users = new Map((await exchange.run(listUsers, {})).map((user) => [user.objectGuid, user]));
  const people = mailboxes.map((mailbox) => personFrom(mailbox, users.get(mailbox.objectGuid), exchange));
  const gone = await db.transaction().execute(async (tx) => {
    await storePeople(tx, people, began);
    // A mailbox whose row could not be read is not gone.
    return whole ? markGone(tx, exchange.organisation, began) : 0;
  });
  return { people: people.length, gone };
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
    people.push(...(await readPerson(exchange, mailboxGuid)));
  }
  await storePeople(db, people, clock.now());
  return people;
}

async function readPerson(exchange: Exchange<'read'>, mailboxGuid: string): Promise<Person[]> {
  try {
    const [mailbox] = await exchange.run(getMailbox, { Identity: mailboxGuid });
    if (mailbox === undefined) return [];
    const [user] = await exchange.run(getUser, { Identity: mailbox.objectGuid });
    return [personFrom(mailbox, user, exchange)];
  } catch (error) {
    // Between the two questions a mailbox can go.
    if (error instanceof ExchangeError && error.code === 'exchange-not-found') return [];
    throw error;
  }
}

function personFrom(
  mailbox: MailboxRow,
  user: UserRow | undefined,
  { organisation }: Pick<Exchange, 'organisation'>,
): Person {
  return {
    guid: mailbox.guid,
    organisation,
    displayName: mailbox.displayName,
    alias: mailbox.alias,
    upn: mailbox.upn,
    primarySmtp: mailbox.primarySmtp,
    addresses: [...new Set([mailbox.primarySmtp.toLowerCase(), ...mailbox.addresses])],
    department: user?.department ?? '',
    // Not the mobile number: a call-back must not reach the phone that is lost.
    phones: [user?.phone ?? '', user?.homePhone ?? ''].filter((number) => number !== ''),
    managerName: user?.managerName ?? '',
    mailboxType: typeOf(mailbox.recipientTypeDetails),
    ...(mailbox.accountDisabled === null ? {} : { accountEnabled: !mailbox.accountDisabled }),
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
