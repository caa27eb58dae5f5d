/** What blocking an app would do, before anything is done. */
import type { Kysely } from 'kysely';
import type { Organisation } from '../../ground/identifiers.ts';
import { blocksDeviceChanges } from '../../incidents/wipe/machine.ts';
import type { Database } from '../../store/schema.ts';
import type { WipeState } from '../../store/tables/wipes.ts';
import { usageDays } from '../cards/apps.ts';
import { peopleOf } from '../overview.ts';
import { loadPhones, type Phone } from '../phones.ts';
import { chooseRules, type RuleChoice } from './rules.ts';

export type WipeInTheWay = { incident: number; state: WipeState; deviceGuid: string; owner: string; stops: boolean };

export type Preview = {
  phones: Phone[];
  all: Phone[];
  people: { guid?: string; name: string; phones: Phone[] }[];
  choice: RuleChoice;
  /** Wipes asked for or on their way to these phones; `stops`: the block would keep it from arriving. */
  wipes: WipeInTheWay[];
  /** Phones that Exchange does not list: only the logs know them, and no rule can be made from them. */
  onlyInLogs: Phone[];
};

const day = 86_400_000;

export async function previewOf(
  db: Kysely<Database>,
  input: { organisation: Organisation; app: string; now: Date },
): Promise<Preview> {
  const { organisation, app, now } = input;
  const all = await loadPhones(db, { organisation, since: new Date(now.getTime() - usageDays * day) });
  const phones = all.filter((phone) => phone.app.key === app);
  return {
    phones,
    all,
    people: peopleOf(phones),
    choice: chooseRules(phones, all),
    wipes: await wipesInTheWay(db, phones),
    onlyInLogs: phones.filter(({ device }) => device === undefined),
  };
}

/** Waiting for approval counts too: a block would make the phone unreachable before anybody decides. */
export async function wipesInTheWay(db: Kysely<Database>, phones: readonly Phone[]): Promise<WipeInTheWay[]> {
  const guids = phones.flatMap(({ device }) => (device === undefined ? [] : [device.guid]));
  if (guids.length === 0) return [];
  const wipes = await db
    .selectFrom('wipe')
    .select(['incidentNumber', 'state', 'deviceGuid'])
    .where('deviceGuid', 'in', guids)
    .where('state', 'in', ['awaiting-approval', 'approved', 'issuing', 'requested', 'sent'])
    .execute();
  return wipes.map(({ incidentNumber, state, deviceGuid }) => ({
    incident: incidentNumber,
    state,
    deviceGuid,
    owner: phones.find(({ device }) => device?.guid === deviceGuid)?.owner?.name ?? 'somebody',
    stops: blocksDeviceChanges(state),
  }));
}
