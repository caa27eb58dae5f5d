/** Looks at apps and blocks again and again: what is new, what holds, what somebody undid. Tells security once of each. */
import { sql } from 'kysely';
import { deniedStrings } from '../activesync/webconfig/deny-strings.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import { paragraph, strong, time } from '../message/text.ts';
import { notifySecurity } from '../notices/security.ts';
import { ServerUnreadable } from '../servers/port.ts';
import { hashOf } from './block/run-config.ts';
import { type AppBlock, StepPayload } from './block/steps.ts';
import { blockSubject, openBlocks } from './block/store.ts';
import { type Verdict, Verdict as VerdictShape, verdictOf, verdictSentence } from './block/verify.ts';
import { usageDays } from './cards/apps.ts';
import { freshenLogs } from './freshen.ts';
import { isForeign, usesOf } from './overview.ts';
import { loadPhones, type Phone } from './phones.ts';
import { refreshInventory } from './refresh.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** How soon to look again: closely while a block is young. */
export async function watchPeriod(context: JobContext, organisation: Organisation): Promise<number> {
  const blocks = await openBlocks(context.store.db, organisation);
  const newest = Math.max(0, ...blocks.map(({ since }) => since?.getTime() ?? 0));
  const age = context.clock.now().getTime() - newest;
  if (newest === 0 || age > day) return 60 * minute;
  return age < 60 * minute ? minute : 10 * minute;
}

export async function watchApps(context: JobContext, organisation: Organisation): Promise<void> {
  const { store, clock } = context;
  const inventory = await refreshInventory(context, organisation, { force: true });
  await freshenLogs(context, organisation);
  const now = clock.now();
  const phones = await loadPhones(store.db, { organisation, since: new Date(now.getTime() - usageDays * day) });
  await rememberApps(context, organisation, phones);
  if (inventory.problem === null) await tellGoneRules(context, organisation, inventory.goneRules);
  for (const block of await openBlocks(store.db, organisation)) await verify(context, block, phones);
  await lookAtConfigs(context, organisation);
}

/** A new app of somebody else is told once; what was there at the very first look is no news. */
async function rememberApps(
  { store, policy }: JobContext,
  organisation: Organisation,
  phones: readonly Phone[],
): Promise<void> {
  const known = await store.db.selectFrom('appSeen').select('app').where('organisation', '=', organisation).execute();
  const first = known.length === 0;
  const seen = new Set(known.map(({ app }) => app));
  const fresh = usesOf(phones, 'app').filter(({ app }) => app !== undefined && !seen.has(app.key));
  if (fresh.length === 0) return;
  await store.change(async (change) => {
    for (const use of fresh) {
      if (use.app === undefined) continue;
      const inserted = await change.tx
        .insertInto('appSeen')
        .values({ organisation, app: use.app.key, name: use.name, firstSeenAt: use.firstSeen ?? change.now })
        .onConflict((conflict) => conflict.columns(['organisation', 'app']).doNothing())
        .returning('app')
        .executeTakeFirst();
      if (inserted === undefined || first || !isForeign(use.app)) continue;
      await notifySecurity(change, policy, {
        tone: 'warning',
        key: `app-new:${organisation}:${use.app.key}`,
        line: [
          strong(`New app: ${use.name}`),
          ` — ${use.people} ${use.people === 1 ? 'person' : 'people'}, ${use.phones.length} ${use.phones.length === 1 ? 'phone' : 'phones'}. Say "app ${use.name}" for who.`,
        ],
      });
    }
  });
}

async function tellGoneRules(
  { store, policy }: JobContext,
  organisation: Organisation,
  gone: readonly { guid: string; name: string }[],
): Promise<void> {
  for (const { guid, name } of gone) {
    await store.change(async (change) => {
      const { rows } = await sql<{ blockId: number; name: string }>`
        select s.block_id, b.name from app_block_step s join app_block b on b.id = s.block_id
        where s.state = 'done' and s.kind = 'rule' and b.state = 'open' and s.result->'rules' @> ${JSON.stringify([{ guid }])}::jsonb limit 1`.execute(
        change.tx,
      );
      const ours = rows[0];
      await notifySecurity(change, policy, {
        tone: ours === undefined ? 'warning' : 'danger',
        key: `app-rule-gone:${organisation}:${guid}:${change.now.toISOString()}`,
        line: [
          strong(`The device access rule ${name} is gone from Exchange`),
          ours === undefined
            ? '; it was not made by me, and I did not remove it.'
            : `, and I did not remove it: ${ours.name} is no longer kept out by it. Say "block app ${ours.name}" to make it again.`,
        ],
      });
      if (ours !== undefined) await change.refresh(blockSubject(ours.blockId));
    });
  }
}

async function verify(context: JobContext, block: AppBlock, all: readonly Phone[]): Promise<void> {
  if (block.since === null) return;
  const { store, policy, clock } = context;
  const now = clock.now();
  const phones = all.filter(({ app }) => app.key === block.app);
  const verdict = verdictOf({ phones, all, since: block.since, now });
  const before = block.verdict === null ? undefined : VerdictShape.safeParse(block.verdict).data;
  if (before !== undefined && sameVerdict(before, verdict)) return;
  await store.change(async (change) => {
    await change.tx
      .updateTable('appBlock')
      .set({ verdict: JSON.stringify(verdict), verdictAt: change.now })
      .where('id', '=', block.id)
      .where('state', '=', 'open')
      .execute();
    await change.refresh(blockSubject(block.id));
    if (before?.state === verdict.state && throughKeys(before) === throughKeys(verdict)) return;
    if (verdict.state === 'blocked') {
      await change.reply(blockSubject(block.id), {
        tone: 'success',
        blocks: [
          paragraph(
            strong(`${block.name} is blocked: `),
            `${verdictSentence(verdict)}, not one since `,
            time(verdict.since),
            '.',
          ),
        ],
      });
    }
    if (verdict.state === 'leaking') {
      await change.reply(blockSubject(block.id), {
        tone: 'danger',
        blocks: [
          paragraph(
            strong(`${block.name}: ${verdict.through.length} of ${verdict.total} still get through.`),
            ' The card says who and how.',
          ),
        ],
      });
      await notifySecurity(change, policy, {
        tone: 'danger',
        key: `app-leak:${block.id}:${throughKeys(verdict)}`,
        line: [
          strong(`${block.name} still gets through`),
          `: ${verdict.through.length} of ${verdict.total} phones since it was blocked.`,
        ],
      });
    }
  });
}

function throughKeys(verdict: Verdict): string {
  return verdict.through
    .map(({ key }) => key)
    .sort()
    .join(',');
}

/** Counts of refusals grow all the time; what people read changes seldom. */
function sameVerdict(one: Verdict, other: Verdict): boolean {
  const told = ({ state, total, refused, quarantined, silent, shownBlocked }: Verdict) =>
    [state, total, refused, quarantined, silent, shownBlocked].join(' ');
  return told(one) === told(other) && throughKeys(one) === throughKeys(other);
}

/** A cumulative update rewrites web.config files: our strings are gone then, and security is told once. */
async function lookAtConfigs(context: JobContext, organisation: Organisation): Promise<void> {
  const { store, policy } = context;
  const edits = await store.db
    .selectFrom('configEdit')
    .innerJoin('appBlockStep', 'appBlockStep.id', 'configEdit.stepId')
    .innerJoin('appBlock', 'appBlock.id', 'appBlockStep.blockId')
    .select([
      'configEdit.id',
      'configEdit.server',
      'configEdit.kind',
      'configEdit.afterHash',
      'appBlockStep.payload',
      'appBlock.id as blockId',
      'appBlock.name',
    ])
    .where('configEdit.organisation', '=', organisation)
    .where('configEdit.undoneAt', 'is', null)
    .where('configEdit.lostAt', 'is', null)
    .where('appBlockStep.state', '=', 'done')
    .execute();
  for (const edit of edits) {
    const payload = StepPayload.parse(edit.payload);
    if (payload.kind !== 'web-config') continue;
    let bytes: Buffer;
    try {
      ({ bytes } = await context.servers(organisation).readConfig(edit.server, edit.kind));
    } catch (error) {
      if (error instanceof ServerUnreadable) continue;
      throw error;
    }
    if (hashOf(bytes) === edit.afterHash) continue;
    const denied = deniedStrings(bytes);
    const lost = Array.isArray(denied) ? payload.strings.filter((one) => !denied.includes(one)) : payload.strings;
    if (lost.length === 0) continue;
    await store.change(async (change) => {
      const moved = await change.tx
        .updateTable('configEdit')
        .set({ lostAt: change.now })
        .where('id', '=', edit.id)
        .where('lostAt', 'is', null)
        .executeTakeFirst();
      if (moved.numUpdatedRows === 0n) return;
      await change.refresh(blockSubject(edit.blockId));
      await notifySecurity(change, policy, {
        tone: 'danger',
        line: [
          strong(`An edit of a web.config on ${edit.server} was undone`),
          `, by an update or by hand: it no longer denies ${lost.join(', ')} (${edit.name}).`,
        ],
      });
    });
  }
}
