/** A look as a message: of all servers or of one, with its chart and with people's names in place of accounts. */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { accountOwners } from '../activesync/account.ts';
import { drawn } from '../apps/drawn.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Block, DraftMessage } from '../message/model.ts';
import { note } from '../message/text.ts';
import type { Database } from '../store/schema.ts';
import { heartbeatAlt, heartbeatChart } from './chart.ts';
import type { Look } from './look.ts';
import { reportMessage } from './report.ts';
import { serverMessage } from './server-report.ts';

export type ShowInput = {
  db: Kysely<Database>;
  log: Logger;
  look: Look;
  organisation: Organisation;
  /** Only this one, in detail. */
  server?: string;
  stillReading?: boolean;
  /** false: people and devices are not named. Default: true, for private answers. */
  personal?: boolean;
};

export async function showHeartbeat(input: ShowInput): Promise<DraftMessage> {
  const { look, server, stillReading, personal = true } = input;
  const chart = await chartOf(input);
  const nameOf = await peopleNames(input);
  const message =
    server === undefined
      ? reportMessage(look, { chart, personal, nameOf })
      : serverMessage(look, server, { chart, personal, nameOf });
  if (stillReading !== true) return message;
  const first = note('The first reading of the logs is still under way: numbers grow. Ask again in some minutes.');
  return { ...message, blocks: [first, ...message.blocks] };
}

async function chartOf({ db, log, look, server }: ShowInput): Promise<Block<never> | undefined> {
  const spec = heartbeatChart(look, server);
  if (spec === undefined) return undefined;
  return drawn(log, db, { spec, alt: heartbeatAlt(look, server), now: new Date(look.at) });
}

/** Accounts of the logs as people; one that is nobody's stays as it was logged. */
export async function peopleNames({
  db,
  organisation,
  look,
}: Pick<ShowInput, 'db' | 'organisation' | 'look'>): Promise<(account: string) => string> {
  const accounts = look.servers.flatMap(({ pull }) => pull.few.map(({ account }) => account));
  if (accounts.length === 0) return (account) => account;
  const people = await db.selectFrom('person').selectAll().where('organisation', '=', organisation).execute();
  const ownerOf = accountOwners(people);
  const names = new Map(people.map(({ guid, displayName }) => [guid, displayName]));
  return (account) => names.get(ownerOf(account) ?? '') ?? account;
}
