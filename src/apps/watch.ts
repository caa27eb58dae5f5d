/** Checks apps and blocks again and again: what is new, what holds, what somebody undid. Security hears once of each. */
import { sql } from 'kysely';
import { deniedStrings } from '../activesync/webconfig/deny-strings.ts';
import { after, day, hour, minute } from '../ground/durations.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { JobContext } from '../incidents/job.ts';
import { remark, strong, time } from '../message/text.ts';
import { counted } from '../message/words.ts';
import { notify } from '../notices/notify.ts';
import { ServerUnreadable } from '../servers/port.ts';
import { type AppBlock, StepPayload } from './block/steps.ts';
import { blockSubject, openBlocks } from './block/store.ts';
import { type Verdict, verdictIn, verdictOf, verdictSentence } from './block/verify.ts';
import { hashOf } from './block/web-config.ts';
import { countUses } from './counts.ts';
import { freshenLogs } from './freshen.ts';
import { refreshInventory } from './inventory.ts';
import { isForeign } from './overview.ts';
import { loadPhonesNamedLike, loadPhonesOf, sumPhones, usageDays } from './phone-sums.ts';

/** How soon to check again: closely while a block is young. */
export async function watchPeriod(context: JobContext, organisation: Organisation): Promise<number> {
  const blocks = await openBlocks(context.store.db, organisation);
  const newest = Math.max(...blocks.map(({ since }) => since?.getTime() ?? 0), 0);
  const age = context.clock.now().getTime() - newest;
  if (age > day) return hour;
  return age < hour ? minute : 10 * minute;
}

export async function watchApps(context: JobContext, organisation: Organisation): Promise<void> {
  const { store, clock } = context;
  const inventory = await refreshInventory(context, organisation, { force: true });
  await freshenLogs(context, organisation);
  await sumPhones(store.db, organisation, clock.now());
  await rememberApps(context, organisation);
  if (inventory.problem === null) await notifyOfGoneRules(context, organisation, inventory.goneRules);
  for (const block of await openBlocks(store.db, organisation)) await verify(context, block);
  await checkConfigs(context, organisation);
}

/** Security hears of a new app of somebody else once; what was there at the very first check is no news. */
async function rememberApps({ store, policy }: JobContext, organisation: Organisation): Promise<void> {
  const known = await store.db.selectFrom('appSeen').select('app').where('organisation', '=', organisation).execute();
  const seen = new Set(known.map(({ app }) => app));
  const uses = await countUses(store.db, organisation, 'app');
  const fresh = uses.filter(({ app }) => app !== undefined && !seen.has(app.key));
  if (fresh.length === 0) return;
  await store.change(async (change) => {
    for (const use of fresh) {
      const app = use.app?.key ?? '';
      const inserted = await change.tx
        .insertInto('appSeen')
        .values({ organisation, app, name: use.name, firstSeenAt: use.firstSeen ?? change.now })
        .onConflict((conflict) => conflict.columns(['organisation', 'app']).doNothing())
        .returning('app')
        .executeTakeFirst();
      if (inserted === undefined || known.length === 0 || !isForeign(use)) continue;
      await notify(change, policy, 'app-new', {
        key: `${organisation}:${app}`,
        line: [
          strong(`New app: ${use.name}`),
          ` — ${counted(use.people, 'person', 'people')}, ${counted(use.phones, 'phone')}. Say "app ${use.name}" for who.`,
        ],
      });
    }
  });
}

async function notifyOfGoneRules(
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
      await notify(change, policy, ours === undefined ? 'foreign-rule-gone' : 'app-rule-gone', {
        key: `${organisation}:${guid}:${change.now.toISOString()}`,
        line: [
          strong(`Exchange no longer lists the device access rule ${name}`),
          ours === undefined
            ? '; it was not made by me, and I did not remove it.'
            : `, and I did not remove it: as it stands ${ours.name} is no longer kept out by it. Say "block app ${ours.name}" to make it again.`,
        ],
      });
      if (ours !== undefined) await change.refresh(blockSubject(ours.blockId));
    });
  }
}

async function verify(context: JobContext, block: AppBlock): Promise<void> {
  if (block.since === null) return;
  const { store, policy, clock } = context;
  const { organisation, app } = block;
  const query = { organisation, since: after(clock.now(), -usageDays * day) };
  const phones = await loadPhonesOf(store.db, { ...query, app });
  // How one gets through is told by whom else its names would catch.
  const all = await loadPhonesNamedLike(store.db, query, phones);
  const verdict = verdictOf({ phones, all, since: block.since, now: clock.now() });
  const before = verdictIn(block);
  if (before !== undefined && asRead(before) === asRead(verdict)) return;
  const subject = blockSubject(block.id);
  const { state, through, total, since } = verdict;
  await store.change(async (change) => {
    await change.tx
      .updateTable('appBlock')
      .set({ verdict: JSON.stringify(verdict), verdictAt: change.now })
      .where('id', '=', block.id)
      .where('state', '=', 'open')
      .execute();
    await change.refresh(subject);
    if (before?.state === state && throughKeys(before) === throughKeys(verdict)) return;
    if (state === 'blocked') {
      const sentence = `${verdictSentence(verdict)}, not one since `;
      await change.reply(subject, remark('success', strong(`${block.name} is blocked: `), sentence, time(since), '.'));
    }
    if (state === 'leaking') {
      const headline = strong(`${block.name}: ${through.length} of ${total} still get through.`);
      await change.reply(subject, remark('danger', headline, ' The card says who and how.'));
      await notify(change, policy, 'app-leak', {
        key: `${block.id}:${throughKeys(verdict)}`,
        line: [
          strong(`${block.name} still gets through`),
          `: ${through.length} of ${total} phones since it was blocked.`,
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

/** What people read of it. */
function asRead(verdict: Verdict): string {
  const { state, total, refused, quarantined, silent, shownBlocked } = verdict;
  return [state, total, refused, quarantined, silent, shownBlocked, throughKeys(verdict)].join(' ');
}

/** A cumulative update rewrites web.config files: our strings are gone then, and security is told once. */
async function checkConfigs(context: JobContext, organisation: Organisation): Promise<void> {
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
    const read = await context
      .servers(organisation)
      .readConfig(edit.server, edit.kind)
      .catch((error: unknown) => {
        if (!(error instanceof ServerUnreadable)) throw error;
      });
    if (read === undefined || hashOf(read.bytes) === edit.afterHash) continue;
    const denied = deniedStrings(read.bytes);
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
      await notify(change, policy, 'app-edit-undone', {
        line: [
          strong(`An edit of a web.config on ${edit.server} was undone`),
          `, by an update or by hand: it no longer denies ${lost.join(', ')} (${edit.name}).`,
        ],
      });
    });
  }
}
