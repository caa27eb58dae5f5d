/** Denying an app by a server's own web.config. Edits are stored before they are written, so that every byte can be put back. */
import { createHash } from 'node:crypto';
import { addDenyStrings, removeDenyStrings } from '../../activesync/webconfig/deny-strings.ts';
import { MislaidError } from '../../ground/errors.ts';
import type { ConfigKind } from '../../ground/identifiers.ts';
import type { JobContext } from '../../incidents/job.ts';
import type { Button, DraftMessage, Intent } from '../../message/model.ts';
import { button, buttons, code, list, note, paragraph, present, strong, text } from '../../message/text.ts';
import { counted } from '../../message/words.ts';
import { type ConfigFile, type Servers, ServerUnreadable } from '../../servers/port.ts';
import { usageDays } from '../phone-sums.ts';
import type { DenyChoice } from './seen-agents.ts';
import { configWords } from './step-blocks.ts';
import { type AppBlock, NotDone, type PayloadOf, type Remember, type Step, type StepResult } from './steps.ts';

const pools: Readonly<Record<Exclude<ConfigKind, 'sync'>, string>> = {
  ewsFrontEnd: 'MSExchangeServicesAppPool',
  easFrontEnd: 'MSExchangeSyncAppPool',
};

/**
 * Writes the edit and reads it back. What was written is told by the file, never by an answer: once the server was asked for the write, a
 * file that cannot be read leads to another run.
 */
export async function runConfig(
  context: JobContext,
  block: AppBlock,
  step: Step,
  payload: PayloadOf<'web-config'>,
  remember: Remember,
): Promise<StepResult> {
  const edit = await storedEdit(context, block, step, payload, remember);
  const { server, config, strings } = payload;
  const servers = context.servers(block.organisation);
  const after = await readAgain(servers, server, config);
  if (hashOf(after.bytes) !== edit.afterHash)
    throw new NotDone(
      `The web.config on ${server} does not read back as it was written. Its backup is ${backupOf(edit)}.`,
    );
  const recycled = payload.recycle ? await recycle(servers, server, pools[config]) : '';
  return { sentence: `${denies(server, strings)}; backup ${backupOf(edit)}.${recycled}` };
}

/** What became of a step's edit, by the file alone; `none`: the server was never asked for it. */
export type EditFound = 'none' | 'written' | 'not-written' | 'not-known';

export async function findEdit(context: JobContext, block: AppBlock, step: Step): Promise<EditFound> {
  const edit = await editOf(context, step.id);
  if (edit === undefined) return 'none';
  try {
    const { bytes } = await context.servers(block.organisation).readConfig(edit.server, edit.kind);
    const hash = hashOf(bytes);
    return hash === edit.afterHash ? 'written' : hash === edit.beforeHash ? 'not-written' : 'not-known';
  } catch (error) {
    if (!(error instanceof ServerUnreadable)) throw error;
    return 'not-known';
  }
}

/** What is said of an edit that was found written when its time was over: nothing more is done for it. */
export async function foundLate(
  context: JobContext,
  step: Step,
  { server, config, strings, recycle: recycling }: PayloadOf<'web-config'>,
): Promise<StepResult> {
  const edit = await editOf(context, step.id);
  const recycled = recycling ? ` Whether ${pools[config]} was recycled is not known.` : '';
  return { sentence: `${denies(server, strings)}, as the file shows; backup ${backupOf(edit)}.${recycled}` };
}

function denies(server: string, strings: readonly string[]): string {
  return `${server}: the web.config denies ${strings.join(', ')}`;
}

function backupOf(edit: { backup: string | null } | undefined): string {
  return edit?.backup ?? 'in my store';
}

function editOf(context: JobContext, stepId: number) {
  return context.store.db.selectFrom('configEdit').selectAll().where('stepId', '=', stepId).executeTakeFirst();
}

/** Writes the file unless a run before did. */
async function storedEdit(
  context: JobContext,
  { organisation }: AppBlock,
  { id: stepId }: Step,
  { server, config, strings, hash: proposedHash }: PayloadOf<'web-config'>,
  remember: Remember,
): Promise<{ backup: string | null; afterHash: string }> {
  const { db } = context.store;
  const servers = context.servers(organisation);
  const known = await editOf(context, stepId);
  const { bytes, path } =
    known === undefined ? await readFirst(servers, server, config) : await readAgain(servers, server, config);
  const hash = hashOf(bytes);
  if (known?.afterHash === hash) return known;
  if (hash !== proposedHash) {
    const nothing =
      known === undefined ? 'Nothing was written; propose it again.' : 'It does not hold my edit as I wrote it.';
    throw new NotDone(`The web.config on ${server} was changed since this was proposed. ${nothing}`);
  }
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
  await remember({});
  const backup = await write(servers, { server, config, bytes: edited.bytes, before: hash, after: afterHash });
  await db.updateTable('configEdit').set({ backup }).where('stepId', '=', stepId).execute();
  return { backup, afterHash: known?.afterHash ?? afterHash };
}

/** The backup's name; null where the answer was lost and the file tells that it was written. */
async function write(
  servers: Servers,
  edit: { server: string; config: ConfigKind; bytes: Buffer; before: string; after: string },
): Promise<string | null> {
  const { server, config } = edit;
  try {
    return (await servers.writeConfig(server, config, edit.bytes, edit.before)).backup;
  } catch (error) {
    const found = hashOf((await readAgain(servers, server, config)).bytes);
    if (found === edit.after) return null;
    // The server's own verdict; after a lost answer the write may still come.
    throw error instanceof MislaidError ? new NotDone(error.userMessage) : notReadBack(server, error);
  }
}

/** Before the server was asked for anything. */
async function readFirst(servers: Servers, server: string, config: ConfigKind): Promise<ConfigFile> {
  try {
    return await servers.readConfig(server, config);
  } catch (error) {
    throw error instanceof ServerUnreadable || error instanceof MislaidError ? new NotDone(error.userMessage) : error;
  }
}

async function readAgain(servers: Servers, server: string, config: ConfigKind): Promise<ConfigFile> {
  try {
    return await servers.readConfig(server, config);
  } catch (error) {
    throw error instanceof ServerUnreadable ? notReadBack(server, error) : error;
  }
}

/** Neither written nor not written is known: the job runs again and reads again. */
export function notReadBack(what: string, cause?: unknown): MislaidError {
  return new MislaidError({
    code: 'step-not-read-back',
    message: `whether the web.config was written is not known: ${what}`,
    userMessage: 'Whether the web.config was written is not known yet. I am reading it again.',
    cause,
  });
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
    const { server, kind, beforeHash, afterHash, before } = edit;
    const { bytes } = await servers.readConfig(server, kind);
    const hash = hashOf(bytes);
    const restored = hash === afterHash ? { bytes: before } : removeDenyStrings(bytes, payload.strings);
    // A run before this one wrote it, and its answer was lost.
    if (hash === beforeHash) notes.push(asBefore(server));
    else if ('refused' in restored) notes.push(`${server}: nothing to take back, because ${restored.refused}`);
    else {
      await servers.writeConfig(server, kind, restored.bytes, hash);
      notes.push(
        hash === afterHash
          ? asBefore(server)
          : `${server}: our strings are out of the web.config, which somebody else had changed as well`,
      );
    }
    await db.updateTable('configEdit').set({ undoneAt: context.clock.now() }).where('id', '=', edit.id).execute();
  }
  return notes;
}

function asBefore(server: string): string {
  return `${server}: the web.config is as it was before, byte for byte`;
}

async function recycle(servers: Servers, server: string, pool: string): Promise<string> {
  try {
    const answer = await servers.recyclePool(server, pool);
    return answer.done ? ` ${pool} was recycled.` : ` To recycle ${pool}, type: ${answer.command}`;
  } catch (error) {
    if (!(error instanceof ServerUnreadable || error instanceof MislaidError)) throw error;
    return ` Whether ${pool} was recycled is not known: ${error.userMessage}`;
  }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Where an app could be denied, and by which strings: read before anybody is asked to approve an edit. */
export async function configsMessage(
  servers: Servers,
  block: AppBlock,
  { strings: chosen, left }: DenyChoice,
): Promise<DraftMessage> {
  const strings = chosen.map(({ string }) => string);
  const refused = new Map<string, string[]>();
  const possible: Button<Intent>[] = [];
  for (const server of servers.list()) {
    for (const config of ['easFrontEnd', 'ewsFrontEnd'] as const) {
      const refuse = (why: string) =>
        refused.set(why, [...(refused.get(why) ?? []), `${server}, ${configWords[config]}`]);
      try {
        const { bytes } = await servers.readConfig(server, config);
        const edit = addDenyStrings(bytes, strings.length === 0 ? [block.name] : strings);
        if ('refused' in edit) refuse(edit.refused);
        else if (strings.length > 0)
          possible.push(...editButtons({ block: block.id, server, config, strings, hash: hashOf(bytes) }));
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
      servers.list().length > 0 &&
        strings.length === 0 &&
        paragraph(
          strong('No string: '),
          `its phones sent no user agent in ${usageDays} days that others do not send as well, so there is nothing to deny by.`,
        ),
      possible.length > 0 &&
        paragraph(
          strong('Possible, each after an admin approved: '),
          `requests to ActiveSync whose user agent holds one of these are denied by IIS (404.19). Nobody else sends them. What the app says to EWS is in no log that I read. IIS usually takes a new filter in by itself. Recycling drops every phone that waits on that server.`,
        ),
      possible.length > 0 &&
        list(
          ...chosen.map(({ string, requests }) =>
            text(code(string), `: would have stopped ${counted(requests, 'request')} in ${usageDays} days`),
          ),
        ),
      possible.length > 0 &&
        left > 0 &&
        note(`${counted(left, 'request')} of it give no user agent of their own and would still come.`),
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
