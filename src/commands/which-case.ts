/** Which open case somebody means who names none: the one in whose thread they speak, else they choose. */
import type { Kysely } from 'kysely';
import { mailboxesOf } from '../directory/holders.ts';
import type { Person } from '../directory/person.ts';
import type { DraftAnswer } from '../message/model.ts';
import { button, buttons, paragraph } from '../message/text.ts';
import type { Policy } from '../policy.ts';
import type { Database } from '../store/schema.ts';
import { type Choice, privateAnswer } from './arguments.ts';
import type { CommandContext } from './command.ts';

/** More buttons nobody reads. */
const mostOffered = 8;

export type OpenCase = { readonly number: number; readonly owner: string };

/** The incident of the card that a message stands for, open or closed. */
export async function caseOfThread(db: Kysely<Database>, thread: string | undefined): Promise<number | undefined> {
  if (thread === undefined) return undefined;
  const row = await db
    .selectFrom('card')
    .select('subject')
    .where('ref', '=', thread)
    .where('subject', 'like', 'incident:%')
    .executeTakeFirst();
  return row === undefined ? undefined : Number(row.subject.slice('incident:'.length));
}

/** Open cases, the newest first; of one person's phones, whichever of their mailboxes it is of. */
export async function openCases(
  { store, policy, organisation }: Pick<CommandContext, 'store' | 'organisation'> & { policy: Policy },
  of?: Person,
): Promise<OpenCase[]> {
  let query = store.db
    .selectFrom('incident')
    .innerJoin('person', 'person.guid', 'incident.personGuid')
    .select(['incident.number', 'person.displayName as owner'])
    .where('incident.state', '=', 'open')
    .where((eb) => eb.or([eb('incident.organisation', '=', organisation), eb('incident.drill', '=', true)]))
    .orderBy('incident.number', 'desc')
    .limit(mostOffered + 1);
  if (of !== undefined) {
    const guids = (await mailboxesOf(store.db, policy, of)).map(({ guid }) => guid);
    query = query.where('incident.personGuid', 'in', guids);
  }
  return await query.execute();
}

/** The case that is named, or in whose thread it is said; else a choice of the open ones, whose buttons say the command again. */
export async function chooseCase(
  context: CommandContext,
  command: string,
  args: { incident?: number | undefined },
): Promise<Choice<number>> {
  if (args.incident !== undefined) return { kind: 'one', value: args.incident };
  const here = await caseOfThread(context.store.db, context.thread);
  if (here !== undefined) return { kind: 'one', value: here };
  return { kind: 'answer', answer: offerCases(await openCases(context), command, args) };
}

export function offerCases(
  cases: readonly OpenCase[],
  command: string,
  args: Readonly<Record<string, unknown>>,
): DraftAnswer {
  if (cases.length === 0) return privateAnswer('No case is open.');
  const row = cases
    .slice(0, mostOffered)
    .map(({ number, owner }) => button(`INC-${number} · ${owner}`, command, { ...args, incident: number }));
  const more = cases.length > mostOffered ? ' These are the newest; say the number of another one.' : '';
  return { private: { tone: 'neutral', blocks: [paragraph(`Which case?${more}`), buttons(...row)] } };
}
