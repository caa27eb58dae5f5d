/** Edits of web.config files: remembered before they are written, so that every byte can be put back. */
import { createHash } from 'node:crypto';
import { addDenyStrings, removeDenyStrings } from '../../activesync/webconfig/deny-strings.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ConfigKind } from '../../ground/identifiers.ts';
import type { JobContext } from '../../incidents/job.ts';
import { type Servers, ServerUnreadable } from '../../servers/port.ts';
import type { AppBlock, PayloadOf, Step, StepOutcome } from './steps.ts';

export const pools: Readonly<Record<Exclude<ConfigKind, 'sync'>, string>> = {
  ewsFrontEnd: 'MSExchangeServicesAppPool',
  easFrontEnd: 'MSExchangeSyncAppPool',
};

export async function runConfig(
  context: JobContext,
  block: AppBlock,
  step: Step,
  payload: PayloadOf<'web-config'>,
): Promise<StepOutcome> {
  const { db } = context.store;
  const servers = context.servers(block.organisation);
  const { server, config, strings } = payload;
  try {
    const file = await servers.readConfig(server, config);
    const known = await db.selectFrom('configEdit').selectAll().where('stepId', '=', step.id).executeTakeFirst();
    const hash = hashOf(file.bytes);
    if (known === undefined || known.afterHash !== hash) {
      if (hash !== payload.hash)
        return {
          done: false,
          sentence: `The web.config on ${server} was changed since this was proposed. Nothing was written; propose it again.`,
        };
      const edited = addDenyStrings(file.bytes, strings);
      if ('refused' in edited)
        return { done: false, sentence: `I did not edit the web.config on ${server}: ${edited.refused}.` };
      const { id } =
        known ??
        (await db
          .insertInto('configEdit')
          .values({
            organisation: block.organisation,
            stepId: step.id,
            server,
            kind: config,
            path: file.path,
            beforeHash: hash,
            afterHash: hashOf(edited.bytes),
            before: file.bytes,
            at: context.clock.now(),
          })
          .returning('id')
          .executeTakeFirstOrThrow());
      await context.assertLock();
      const { backup } = await servers.writeConfig(server, config, edited.bytes, hash);
      await db.updateTable('configEdit').set({ backup }).where('id', '=', id).execute();
    }
    const edit = await db.selectFrom('configEdit').selectAll().where('stepId', '=', step.id).executeTakeFirstOrThrow();
    const after = await servers.readConfig(server, config);
    if (hashOf(after.bytes) !== edit.afterHash)
      return {
        done: false,
        sentence: `The web.config on ${server} does not read back as it was written. Its backup is ${edit.backup ?? 'in my store'}.`,
      };
    const recycled = payload.recycle ? await recycle(servers, server, pools[config]) : '';
    return {
      done: true,
      result: {
        sentence: `${server}: the web.config denies ${strings.join(', ')}; backup ${edit.backup ?? 'in my store'}.${recycled}`,
        edits: [edit.id],
      },
    };
  } catch (error) {
    if (error instanceof ServerUnreadable || error instanceof MislaidError)
      return { done: false, sentence: error.userMessage };
    throw error;
  }
}

/** Puts the file back byte for byte, or, where somebody changed it since, takes only our strings out. */
export async function undoConfig(
  context: JobContext,
  block: AppBlock,
  payload: PayloadOf<'web-config'>,
  stepId: number,
): Promise<string> {
  const { db } = context.store;
  const servers = context.servers(block.organisation);
  const edits = await db
    .selectFrom('configEdit')
    .selectAll()
    .where('stepId', '=', stepId)
    .where('undoneAt', 'is', null)
    .execute();
  const notes: string[] = [];
  for (const edit of edits) {
    const { bytes } = await servers.readConfig(edit.server, edit.kind);
    const hash = hashOf(bytes);
    if (hash === edit.afterHash) {
      await servers.writeConfig(edit.server, edit.kind, edit.before, hash);
      notes.push(`${edit.server}: the web.config is as it was before, byte for byte`);
    } else {
      const edited = removeDenyStrings(bytes, payload.strings);
      if ('refused' in edited) notes.push(`${edit.server}: nothing to take back, because ${edited.refused}`);
      else {
        await servers.writeConfig(edit.server, edit.kind, edited.bytes, hash);
        notes.push(`${edit.server}: our strings are out of the web.config, which somebody else had changed as well`);
      }
    }
    await db.updateTable('configEdit').set({ undoneAt: context.clock.now() }).where('id', '=', edit.id).execute();
  }
  return notes.join('; ');
}

async function recycle(servers: Servers, server: string, pool: string): Promise<string> {
  try {
    const answer = await servers.recyclePool(server, pool);
    return answer.done ? ` ${pool} was recycled.` : ` To recycle ${pool}, type: ${answer.command}`;
  } catch (error) {
    if (!(error instanceof ServerUnreadable || error instanceof MislaidError)) throw error;
    return ` ${pool} was not recycled: ${error.userMessage}`;
  }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
