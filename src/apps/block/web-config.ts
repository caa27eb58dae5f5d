/** Denying an app by a server's own web.config. Edits are stored before they are written, so that every byte can be put back. */
import { createHash } from 'node:crypto';
import { addDenyStrings, removeDenyStrings } from '../../activesync/webconfig/deny-strings.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ConfigKind } from '../../ground/identifiers.ts';
import type { JobContext } from '../../incidents/job.ts';
import type { Button, DraftMessage, Intent } from '../../message/model.ts';
import { button, buttons, list, note, paragraph, present, strong, text } from '../../message/text.ts';
import { type Servers, ServerUnreadable } from '../../servers/port.ts';
import { configWords } from './step-blocks.ts';
import { type AppBlock, NotDone, type PayloadOf, type Step, type StepResult } from './steps.ts';

const pools: Readonly<Record<Exclude<ConfigKind, 'sync'>, string>> = {
  ewsFrontEnd: 'MSExchangeServicesAppPool',
  easFrontEnd: 'MSExchangeSyncAppPool',
};

export async function runConfig(
  context: JobContext,
  block: AppBlock,
  step: Step,
  payload: PayloadOf<'web-config'>,
): Promise<StepResult> {
  try {
    const edit = await storedEdit(context, block, step, payload);
    const { server, config, strings } = payload;
    const servers = context.servers(block.organisation);
    const backup = edit.backup ?? 'in my store';
    const after = await servers.readConfig(server, config);
    if (hashOf(after.bytes) !== edit.afterHash)
      throw new NotDone(`The web.config on ${server} does not read back as it was written. Its backup is ${backup}.`);
    const recycled = payload.recycle ? await recycle(servers, server, pools[config]) : '';
    return { sentence: `${server}: the web.config denies ${strings.join(', ')}; backup ${backup}.${recycled}` };
  } catch (error) {
    throw error instanceof ServerUnreadable || error instanceof MislaidError ? new NotDone(error.userMessage) : error;
  }
}

/** Writes the file unless a run before did. */
async function storedEdit(
  context: JobContext,
  { organisation }: AppBlock,
  { id: stepId }: Step,
  { server, config, strings, hash: proposedHash }: PayloadOf<'web-config'>,
): Promise<{ backup: string | null; afterHash: string }> {
  const { db } = context.store;
  const servers = context.servers(organisation);
  const { bytes, path } = await servers.readConfig(server, config);
  const known = await db.selectFrom('configEdit').selectAll().where('stepId', '=', stepId).executeTakeFirst();
  const hash = hashOf(bytes);
  if (known?.afterHash === hash) return known;
  if (hash !== proposedHash)
    throw new NotDone(
      `The web.config on ${server} was changed since this was proposed. Nothing was written; propose it again.`,
    );
  const edited = addDenyStrings(bytes, strings);
  if ('refused' in edited) throw new NotDone(`I did not edit the web.config on ${server}: ${edited.refused}.`);
  const afterHash = hashOf(edited.bytes);
  if (known === undefined) {
    const row = { organisation, stepId, server, kind: config, path, beforeHash: hash, afterHash, before: bytes };
    await db
      .insertInto('configEdit')
      .values({ ...row, at: context.clock.now() })
      .execute();
  }
  await context.assertLock();
  const { backup } = await servers.writeConfig(server, config, edited.bytes, hash);
  await db.updateTable('configEdit').set({ backup }).where('stepId', '=', stepId).execute();
  return { backup, afterHash: known?.afterHash ?? afterHash };
}

/** Puts the file back byte for byte, or, where somebody changed it since, takes only our strings out. */
export async function undoConfig(
  context: JobContext,
  block: AppBlock,
  payload: PayloadOf<'web-config'>,
  stepId: number,
): Promise<string[]> {
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
    const { server, kind, afterHash, before } = edit;
    const { bytes } = await servers.readConfig(server, kind);
    const hash = hashOf(bytes);
    const restored = hash === afterHash ? { bytes: before } : removeDenyStrings(bytes, payload.strings);
    if ('refused' in restored) notes.push(`${server}: nothing to take back, because ${restored.refused}`);
    else {
      await servers.writeConfig(server, kind, restored.bytes, hash);
      notes.push(
        hash === afterHash
          ? `${server}: the web.config is as it was before, byte for byte`
          : `${server}: our strings are out of the web.config, which somebody else had changed as well`,
      );
    }
    await db.updateTable('configEdit').set({ undoneAt: context.clock.now() }).where('id', '=', edit.id).execute();
  }
  return notes;
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

/** Where an app could be denied: read before anybody is asked to approve an edit. */
export async function configsMessage(servers: Servers, block: AppBlock): Promise<DraftMessage> {
  const strings = [block.name];
  const refused = new Map<string, string[]>();
  const possible: Button<Intent>[] = [];
  for (const server of servers.list()) {
    for (const config of ['easFrontEnd', 'ewsFrontEnd'] as const) {
      const refuse = (why: string) =>
        refused.set(why, [...(refused.get(why) ?? []), `${server}, ${configWords[config]}`]);
      try {
        const { bytes } = await servers.readConfig(server, config);
        const edit = addDenyStrings(bytes, strings);
        if ('refused' in edit) refuse(edit.refused);
        else possible.push(...editButtons({ block: block.id, server, config, strings, hash: hashOf(bytes) }));
      } catch (error) {
        if (!(error instanceof ServerUnreadable)) throw error;
        refuse(error.userMessage);
      }
    }
  }
  return {
    title: `${block.name} in web.config`,
    tone: 'neutral',
    blocks: present(
      servers.list().length === 0 &&
        paragraph('There are no servers here whose web.config I could read. Exchange Online has none.'),
      ...[...refused].flatMap(([why, places]) => [
        paragraph(strong('Not possible: '), `${why}.`),
        list(...places.map((place) => text(place))),
      ]),
      possible.length > 0 &&
        paragraph(
          strong('Possible, each after an admin approved: '),
          `requests whose user agent holds “${block.name}” are denied by IIS (404.19). IIS usually takes a new filter in by itself. Recycling drops every phone that waits on that server.`,
        ),
      possible.length > 0 && buttons(...possible),
      note('A cumulative update rewrites these files; I look at edited ones again and again and tell security.'),
    ),
  };
}

type Edit = Omit<PayloadOf<'web-config'>, 'kind' | 'recycle'> & { block: number };

function editButtons(edit: Edit): Button<Intent>[] {
  const { server, config, hash } = edit;
  const label = `${server} ${config === 'ewsFrontEnd' ? 'EWS' : 'ActiveSync'}`;
  const epoch = hash.slice(0, 12);
  const confirm = {
    title: 'Recycle the pool?',
    text: `${pools[config]} on ${server} stops and starts: every request under way there is dropped, hanging connections of phones too, and all of them come back at once.`,
    ok: 'Ask for approval',
  };
  return [
    button(label, 'block-app-config', { ...edit, recycle: false }, { epoch }),
    button(
      `${label}, and recycle`,
      'block-app-config',
      { ...edit, recycle: true },
      { style: 'danger', epoch, confirm },
    ),
  ];
}
