/**
 * The router: parse → who is it → may he → are the arguments right → run. It is the only place that catches, and every
 * way through it ends with the stored command marked and a sentence for the person.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { AnyCommand, CommandContext } from '../commands/command.ts';
import type { Actor } from '../directory/actor.ts';
import type { Identity } from '../ground/addresses.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import { MislaidError } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Approvals } from '../incidents/approvals/approvals.ts';
import type { EvidenceProvider } from '../incidents/devices/evidence.ts';
import type { Answer, DraftAnswer } from '../message/model.ts';
import type { Policy } from '../policy.ts';
import { isDiskFull } from '../store/disk-full.ts';
import type { AuditEntry, Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import { mintAnswer } from './actions.ts';
import { resolveActor } from './actor.ts';
import { authorise, hasRole, lockCommandId } from './authorise.ts';
import { type CommandProgress, commandStore } from './command-store.ts';
import { decisionEntry } from './decision.ts';
import { markAnswer } from './mark.ts';
import type { Incoming, Sender } from './port.ts';
import { type Request, readInput } from './read-input.ts';
import { privateReply, suggestCommands } from './replies.ts';
import { invalid } from './validation.ts';

export type RouterParts = {
  store: Store;
  approvals: Approvals;
  evidence: readonly EvidenceProvider[];
  commands: readonly AnyCommand[];
  policy: Policy;
  organisation: Organisation;
  clock: Clock;
  ids: Ids;
  log: Logger;
  /** Said on every answer: "LAB, no real phone", "SIMULATION". */
  mark?: string | undefined;
  /** Prefixes of identities whose commands may only read, apart from `lock wipes`. */
  readOnlyPlatforms?: readonly string[];
  /** What else is said of an answer that speaks of these things (`DRILL`): the draft, and the command's arguments. */
  markOf?: ((db: Kysely<Database>, spoken: DraftAnswer, args: unknown) => Promise<string | undefined>) | undefined;
  /** Asks the sender's platform who he is now, for a sender of whom only the identity was stored. */
  identify?: ((identity: Identity) => Promise<Sender | undefined>) | undefined;
  /** Hears of every command that failed or was refused by its own rules. */
  onFailed?: ((error: unknown) => void) | undefined;
  metrics?: { commandHandled(command: string, outcome: string, seconds: number): void } | undefined;
};

export type Router = {
  /** Handles one stored command; never rejects. */
  handle(incoming: Incoming, inboxId: number): Promise<Answer>;
  /** The same after a restart, for an answer that goes by delivery. `onlySafe`: nothing but reports, reads and `lock wipes`. */
  handleLate(incoming: Incoming, inboxId: number, options: { onlySafe: boolean }): Promise<DraftAnswer>;
};

/** How one command ended. `outcome` goes into metrics, inbox and audit; it is a code, never a text. */
type HandledCommand = {
  answer: DraftAnswer;
  outcome: string;
  command?: string;
  state?: 'handled' | 'too-old';
  audit?: AuditEntry | undefined;
};

/** `args` are the command's, as far as they were read. */
type Handling = { incoming: Incoming; inboxId: number; onlySafe: boolean; progress: CommandProgress; args?: unknown };

export function createRouter(parts: RouterParts): Router {
  const { store, clock, ids, log, mark } = parts;

  /** What is written of the command, and `show` makes of its answer, go side by side: the person waits for both. */
  async function settle<T>(handling: Handling, show: (answer: DraftAnswer) => Promise<T>): Promise<T> {
    const began = performance.now();
    const turn = await attempt(parts, handling);
    parts.metrics?.commandHandled(turn.command ?? 'none', turn.outcome, (performance.now() - began) / 1000);
    const marking = markHandled(parts, handling, turn).catch((error: unknown) =>
      log.error({ err: error, inbox: handling.inboxId }, 'a handled command could not be marked'),
    );
    const [shown] = await Promise.all([markedAnswer(parts, handling, turn.answer).then(show), marking]);
    return shown;
  }

  async function withButtons(draft: DraftAnswer, inboxId: number): Promise<Answer> {
    try {
      const answer = await mintAnswer({ db: store.db, subject: `answer:${inboxId}`, ids, now: clock.now() }, draft);
      return markAnswer(answer, mark);
    } catch (error) {
      log.error({ err: error, inbox: inboxId }, 'an answer could not be given its buttons');
      return markAnswer(withoutActions('I could not show the answer. Say it again, please.'), mark);
    }
  }

  return {
    handle: async (incoming, inboxId) =>
      await settle({ incoming, inboxId, onlySafe: false, progress: { committed: false } }, (draft) =>
        withButtons(draft, inboxId),
      ),
    handleLate: async (incoming, inboxId, { onlySafe }) =>
      await settle({ incoming, inboxId, onlySafe, progress: { committed: false } }, async (draft) => draft),
  };
}

async function markedAnswer(
  parts: RouterParts,
  { args, inboxId }: Handling,
  answer: DraftAnswer,
): Promise<DraftAnswer> {
  try {
    return markAnswer(answer, await parts.markOf?.(parts.store.db, answer, args));
  } catch (error) {
    parts.log.error({ err: error, inbox: inboxId }, 'it could not be seen whether an answer is about a drill');
    return answer;
  }
}

async function attempt(parts: RouterParts, handling: Handling): Promise<HandledCommand> {
  let command: string | undefined;
  try {
    return await route(parts, handling, (id) => {
      command = id;
    });
  } catch (error) {
    const named = command === undefined ? {} : { command };
    parts.onFailed?.(error);
    if (error instanceof MislaidError && error.code !== 'unreachable') {
      parts.log.info({ code: error.code, command, inbox: handling.inboxId }, 'a command was refused by its own rules');
      return { ...named, answer: privateReply(error.userMessage), outcome: error.code };
    }
    const reference = `C-${handling.inboxId}`;
    parts.log.error({ err: error, reference, command, inbox: handling.inboxId }, 'a command failed');
    const kept = handling.progress.committed ? 'what was stored before that stays' : 'nothing was changed';
    if (isDiskFull(error)) {
      const sentence = `The disk of the database is full, so this could not be stored and audited; ${kept}. Tell an admin (reference ${reference}).`;
      return { ...named, answer: privateReply(sentence), outcome: 'disk-full' };
    }
    return {
      ...named,
      answer: privateReply(`Something went wrong on my side (reference ${reference}); ${kept}.`),
      outcome: 'failed',
    };
  }
}

async function route(
  parts: RouterParts,
  handling: Handling,
  named: (command: string) => void,
): Promise<HandledCommand> {
  const { store, policy, organisation, clock } = parts;
  const { incoming } = handling;
  const { address } = incoming;
  const sender = await senderNow(parts, incoming.sender);
  if (sender === undefined) return { answer: privateReply(unknownAccountSentence), outcome: 'unknown-account' };
  const resolved = await resolveActor({ store, policy, organisation, sender, address, clock });
  if (resolved.kind === 'refused') {
    const isHome = incoming.input.kind === 'home' || resolved.code === 'bot';
    const audit = isHome ? undefined : decisionEntry({ ...handling, refusedBecause: resolved.code });
    return { answer: isHome ? {} : privateReply(resolved.userMessage), outcome: resolved.code, audit };
  }
  const { actor } = resolved;
  if (incoming.input.kind === 'home') {
    await store.change((change) => change.home(actor.identity));
    return { answer: {}, outcome: 'done', command: 'home' };
  }
  const request = await readInput({ ...parts, incoming, actor, may: () => allowedCommands(parts, actor, incoming) });
  if (request.kind === 'answer') return { answer: request.answer, outcome: request.outcome };
  named(request.command.id);
  handling.args = request.args;
  return await perform(parts, handling, actor, request);
}

const unknownAccountSentence = 'I cannot tell whose account this is, so I do nothing for it. Ask an admin.';

async function senderNow({ identify }: RouterParts, sender: Sender): Promise<Sender | undefined> {
  return sender.bare === true ? await identify?.(sender.identity) : sender;
}

async function perform(
  parts: RouterParts,
  handling: Handling,
  actor: Actor,
  request: Extract<Request, { kind: 'command' }>,
): Promise<HandledCommand> {
  const { command, via } = request;
  const { place, thread } = handling.incoming;
  const permission = authorise({
    command,
    actor,
    policy: parts.policy,
    place,
    anywhere: via === 'shortcut',
    readOnlyPlatforms: parts.readOnlyPlatforms ?? [],
  });
  if (permission.kind === 'refused') {
    const lean = command.effect === 'read' && actor.grantedRoles.size === 1;
    return {
      command: command.id,
      answer: await refusalAnswer(parts, handling, actor, command, permission),
      outcome: permission.code,
      audit: lean ? undefined : decisionEntry({ ...handling, actor, request, refusedBecause: permission.code }),
    };
  }
  if (handling.onlySafe && !isSafeLate(command)) {
    return { command: command.id, answer: privateReply(awaySentence), outcome: 'too-old', state: 'too-old' };
  }
  const parsed = command.args.safeParse(request.args);
  if (!parsed.success) {
    return { command: command.id, answer: invalid(command, request, parsed.error), outcome: 'invalid' };
  }

  const audit = command.effect === 'read' ? undefined : decisionEntry({ ...handling, actor, request });
  const { progress, inboxId } = handling;
  const store = commandStore({
    store: parts.store,
    inboxId,
    command: command.id,
    actor,
    action: command.effect === 'read' ? undefined : request.action,
    audit,
    progress,
  });
  const context: CommandContext = {
    actor,
    ...(place === undefined ? {} : { place }),
    ...(thread === undefined ? {} : { thread }),
    via,
    store,
    policy: parts.policy,
    approvals: parts.approvals,
    evidence: parts.evidence,
    clock: parts.clock,
    ids: parts.ids,
    log: parts.log.child({ command: command.id, inbox: inboxId }),
    organisation: parts.organisation,
    commands: parts.commands.filter((other) => hasRole(other, actor)),
  };
  const answer = await command.run(context, parsed.data);
  return { command: command.id, answer, outcome: outcomeOf(answer), audit: progress.committed ? undefined : audit };
}

export const awaySentence =
  'I was away when you said this, and too much time has passed to do it unasked. Please say it again.';

function isSafeLate(command: AnyCommand): boolean {
  return command.effect === 'read' || command.effect === 'report' || command.id === lockCommandId;
}

function outcomeOf(answer: DraftAnswer): string {
  if (answer.fieldErrors !== undefined) return 'invalid';
  return answer.form === undefined ? 'done' : 'form';
}

/** Commands of which help and suggestions may speak: allowed to this actor, here. */
function allowedCommands(parts: RouterParts, actor: Actor, { place }: Incoming): AnyCommand[] {
  const { commands, policy, readOnlyPlatforms = [] } = parts;
  return commands.filter(
    (command) =>
      command.clickOnly !== true && authorise({ command, actor, policy, place, readOnlyPlatforms }).kind === 'allowed',
  );
}

async function refusalAnswer(
  parts: RouterParts,
  { incoming }: Handling,
  actor: Actor,
  command: AnyCommand,
  permission: { code: string; userMessage: string },
): Promise<DraftAnswer> {
  if (permission.code !== 'role-missing') return privateReply(permission.userMessage);
  const report = command.effect === 'read' ? undefined : await ownReport(parts.store, actor);
  const passedOn = report === undefined ? '' : ` I have passed your report on: INC-${report}.`;
  const stillWorks = incoming.input.kind === 'click' ? ' The button still works for them.' : '';
  return privateReply(
    permission.userMessage,
    stillWorks,
    passedOn,
    ' ',
    ...suggestCommands(allowedCommands(parts, actor, incoming)),
  );
}

/** The open incident that this person reported himself, if any. */
async function ownReport(store: Store, actor: Actor): Promise<number | undefined> {
  const row = await store.db
    .selectFrom('incident')
    .select('number')
    .where('personGuid', '=', actor.person.guid)
    .where('byOwner', '=', true)
    .where('state', '=', 'open')
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row?.number;
}

/** Where the command's own change has marked it already, nothing is left to write. */
async function markHandled({ store, clock }: RouterParts, handling: Handling, turn: HandledCommand): Promise<void> {
  const { audit, command, outcome, state = 'handled' } = turn;
  if (audit === undefined && handling.progress.committed && outcome === 'done') return;
  const mark = async (db: Kysely<Database>): Promise<void> => {
    await db
      .updateTable('inbox')
      .set({ state, command: command ?? null, outcome, handledAt: clock.now() })
      .where('id', '=', handling.inboxId)
      .where('state', 'in', handling.progress.committed ? ['stored', 'handled'] : ['stored'])
      .execute();
  };
  if (audit === undefined) return await mark(store.db);
  await store.change(async (change) => {
    await mark(change.tx);
    change.audit(audit);
  });
}

function withoutActions(sentence: string): Answer {
  return { private: { tone: 'warning', blocks: [{ kind: 'text', text: [{ kind: 'plain', text: sentence }] }] } };
}
