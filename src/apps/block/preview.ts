/** What blocking an app would do, before anything is done. */
import type { Kysely } from 'kysely';
import { after, day } from '../../ground/durations.ts';
import { blocksDeviceChanges, outcomeWord } from '../../incidents/wipe/machine.ts';
import type { Block } from '../../message/model.ts';
import { list, paragraph, strong, text } from '../../message/text.ts';
import type { Database } from '../../store/schema.ts';
import type { WipeState } from '../../store/tables/wipes.ts';
import { peopleOf } from '../overview.ts';
import { usageDays } from '../phone-sums.ts';
import { loadPhones, type Phone } from '../phones.ts';
import { chooseRules, type RuleChoice } from './rules.ts';
import { chooseDenyStrings, type DenyChoice } from './seen-agents.ts';
import type { AppBlock } from './steps.ts';

/** A wipe asked for or on its way to a phone of the app; `stops`: the block would keep it from arriving. */
type WipeInTheWay = { incident: number; state: WipeState; owner: string; stops: boolean };

export type Preview = {
  phones: Phone[];
  people: ReturnType<typeof peopleOf>;
  choice: RuleChoice;
  wipes: WipeInTheWay[];
  /** How many phones Exchange does not list: only the logs know them, and no rule can be made from them. */
  onlyInLogs: number;
};

export async function previewOf(db: Kysely<Database>, { organisation, app }: AppBlock, now: Date): Promise<Preview> {
  const all = await loadPhones(db, { organisation, since: after(now, -usageDays * day) });
  const phones = all.filter((phone) => phone.app.key === app);
  return {
    phones,
    people: peopleOf(phones),
    choice: chooseRules(phones, all),
    wipes: await wipesInTheWay(db, phones),
    onlyInLogs: phones.filter(({ device }) => device === undefined).length,
  };
}

/** The strings that would deny the app by its user agent. */
export async function denyStringsOf(
  db: Kysely<Database>,
  { organisation, app, name }: AppBlock,
  now: Date,
): Promise<DenyChoice> {
  const all = await loadPhones(db, { organisation, since: after(now, -usageDays * day) });
  return chooseDenyStrings(
    name,
    all.filter((phone) => phone.app.key === app),
    all,
  );
}

/** Waiting for approval counts too: a block would make the phone unreachable before anybody decides. */
async function wipesInTheWay(db: Kysely<Database>, phones: readonly Phone[]): Promise<WipeInTheWay[]> {
  const owners = new Map(phones.flatMap(({ device, owner }) => (device ? [[device.guid, owner?.name] as const] : [])));
  if (owners.size === 0) return [];
  const wipes = await db
    .selectFrom('wipe')
    .select(['incidentNumber as incident', 'state', 'deviceGuid'])
    .where('deviceGuid', 'in', [...owners.keys()])
    .where('state', 'in', ['awaiting-approval', 'approved', 'issuing', 'requested', 'sent'])
    .execute();
  return wipes.map(({ deviceGuid, ...wipe }) => ({
    ...wipe,
    owner: owners.get(deviceGuid) ?? 'somebody',
    stops: blocksDeviceChanges(wipe.state),
  }));
}

/** The incidents whose wipe a block would stop, which is why it is refused; undefined where there is none. */
export function incidentsStopped({ wipes }: Preview): string | undefined {
  const stopped = wipes.filter(({ stops }) => stops).map(({ incident }) => `INC-${incident}`);
  return stopped.length === 0 ? undefined : [...new Set(stopped)].join(', ');
}

/** Wipes that a block would keep from arriving: said wherever somebody could decide on it. */
export function wipeWarnings({ wipes }: Preview): Block<never>[] {
  if (wipes.length === 0) return [];
  const stopped = wipes.filter(({ stops }) => stops).length;
  return [
    paragraph(
      strong(
        stopped > 0
          ? `${stopped} of these phones ${stopped === 1 ? 'has a wipe on its way' : 'have wipes on their way'}, which a block would stop. I refuse to block until that is over:`
          : 'A wipe of one of these phones waits for approval; blocked, the phone would never hear of it:',
      ),
    ),
    list(...wipes.map(({ incident, owner, state }) => text(`INC-${incident} · ${owner} · ${outcomeWord(state)}`))),
  ];
}
