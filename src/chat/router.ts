/**
 * The router: parse → who is it → may they → are the arguments right → run. It is the only place that catches, and every
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
import { openHome } from '../incidents/incident/homes.ts';
import type { Answer, DraftAnswer } from '../message/model.ts';
import { paragraph } from '../message/text.ts';
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
import { readInput } from './read-input.ts';
import { privateReply, suggestCommands } from './replies.ts';
import type { Request } from './request.ts';
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
  /** Asks the sender's platform who they are now, for a sender of whom only the identity was stored. */
  identify?: ((identity: Identity) => Promise<Sender | undefined>) | undefined;
  /** Hears of every command that failed or was refused by its own rules. */
  onFailed?: ((error: unknown) => void) | undefined;
  metrics?: { commandHandled(command: string, outcome: string, seconds: number): void } | undefined;
};

/** How one command ended. `outcome` goes into metrics, inbox and audit; it is a code, never a text. */
type HandledCommand = {
  answer: DraftAnswer;
  outcome: string;
  command?: string | undefined;
  state?: 'handled' | 'too-old';
  audit?: readonly AuditEntry[] | undefined;
};

/** `command` and `args`: as far as they were read. */
type Handling = {
  readonly incoming: Incoming;
  readonly inboxId: number;
  readonly onlySafe: boolean;
  readonly progress: CommandProgress;
  command?: string;
  args?: unknown;
};

type CommandRequest = Extract<Request, { kind: 'command' }>;

export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Handles one stored command; never rejects. */
  async handle(incoming: Incoming, inboxId: number): Promise<Answer> {
    const handling: Handling = { incoming, inboxId, onlySafe: false, progress: { committed: false } };
    return await this.#settle(handling, (draft) => this.#withButtons(draft, inboxId));
  }

  /** The same after a restart, for an answer that goes by delivery. `onlySafe`: nothing but reports, reads and `lock wipes`. */
  async handleLate(incoming: Incoming, inboxId: number, { onlySafe }: { onlySafe: boolean }): Promise<DraftAnswer> {
    const handling: Handling = { incoming, inboxId, onlySafe, progress: { committed: false } };
    return await this.#settle(handling, async (draft) => draft);
  }

  /** What is written of the command, and `show` makes of its answer, go side by side: the person waits for both. */
  async #settle<T>(handling: Handling, show: (answer: DraftAnswer) => Promise<T>): Promise<T> {
    const { metrics, log } = this.#parts;
    const began = performance.now();
    const turn = await this.#attempt(handling);
    metrics?.commandHandled(turn.command ?? 'none', turn.outcome, (performance.now() - began) / 1000);
    const marking = this.#markHandled(handling, turn).catch((error: unknown) =>
      log.error({ err: error, inbox: handling.inboxId }, 'a handled command could not be marked'),
    );
    const [shown] = await Promise.all([this.#withMarkOf(turn.answer, handling).then(show), marking]);
    return shown;
  }

  async #withButtons(draft: DraftAnswer, inboxId: number): Promise<Answer> {
    const { store, ids, clock, log, mark } = this.#parts;
    try {
      const answer = await mintAnswer({ db: store.db, subject: `answer:${inboxId}`, ids, now: clock.now() }, draft);
      return markAnswer(answer, mark);
    } catch (error) {
      log.error({ err: error, inbox: inboxId }, 'an answer could not be given its buttons');
      const sorry = paragraph('I could not show the answer. Say it again, please.');
      return markAnswer({ private: { tone: 'warning', blocks: [sorry] } }, mark);
    }
  }

  async #withMarkOf(answer: DraftAnswer, { args, inboxId }: Handling): Promise<DraftAnswer> {
    const { store, markOf, log } = this.#parts;
    try {
      return markAnswer(answer, await markOf?.(store.db, answer, args));
    } catch (error) {
      log.error({ err: error, inbox: inboxId }, 'it could not be seen whether an answer is about a drill');
      return answer;
    }
  }

  async #attempt(handling: Handling): Promise<HandledCommand> {
    const { log, onFailed } = this.#parts;
    try {
      return await this.#route(handling);
    } catch (error) {
      const { inboxId, command, progress } = handling;
      onFailed?.(error);
      if (error instanceof MislaidError && error.code !== 'unreachable') {
        log.info({ code: error.code, command, inbox: inboxId }, 'a command was refused by its own rules');
        return { command, answer: privateReply(error.userMessage), outcome: error.code };
      }
      const reference = `C-${inboxId}`;
      log.error({ err: error, reference, command, inbox: inboxId }, 'a command failed');
      const kept = progress.committed ? 'what was stored before that stays' : 'nothing was changed';
      if (isDiskFull(error)) {
        const sentence = `The disk of the database is full, so this could not be stored and audited; ${kept}. Tell an admin (reference ${reference}).`;
        return { command, answer: privateReply(sentence), outcome: 'disk-full' };
      }
      const sentence = `Something went wrong on my side (reference ${reference}); ${kept}.`;
      return { command, answer: privateReply(sentence), outcome: 'failed' };
    }
  }

  async #route(handling: Handling): Promise<HandledCommand> {
    const { store, policy, organisation, clock, identify } = this.#parts;
    const { incoming } = handling;
    const { address } = incoming;
    // Of a bare sender only the identity was stored: the platform is asked who they are now.
    const sender = incoming.sender.bare === true ? await identify?.(incoming.sender.identity) : incoming.sender;
    if (sender === undefined) return { answer: privateReply(unknownAccountSentence), outcome: 'unknown-account' };
    const resolved = await resolveActor({ store, policy, organisation, sender, address, clock });
    const isHome = incoming.input.kind === 'home';
    if (resolved.kind === 'refused') {
      const { code: outcome, userMessage } = resolved;
      if (isHome || outcome === 'bot') return { answer: {}, outcome };
      const audit = decisionEntry({ ...handling, refusedBecause: outcome });
      return { answer: privateReply(userMessage), outcome, audit: [audit] };
    }
    const { actor } = resolved;
    if (isHome) {
      await store.change((change) => openHome(change, actor.identity));
      return { answer: {}, outcome: 'done', command: 'home' };
    }
    const may = () => this.#allowedCommands(actor, incoming);
    const request = await readInput({ ...this.#parts, incoming, actor, may });
    if (request.kind === 'answer') return { answer: request.answer, outcome: request.outcome };
    handling.command = request.command.id;
    handling.args = request.args;
    return { command: request.command.id, ...(await this.#perform(handling, actor, request)) };
  }

  async #perform(handling: Handling, actor: Actor, request: CommandRequest): Promise<HandledCommand> {
    const { policy, readOnlyPlatforms = [], approvals, evidence, clock, ids, organisation } = this.#parts;
    const { command, via } = request;
    const { incoming, progress, inboxId } = handling;
    const { place, thread } = incoming;
    const permission = authorise({ command, actor, policy, place, anywhere: via === 'shortcut', readOnlyPlatforms });
    if (permission.kind === 'refused') {
      const isLean = command.effect === 'read' && actor.grantedRoles.size === 1;
      return {
        answer: await this.#refusalAnswer(incoming, actor, command, permission),
        outcome: permission.code,
        audit: isLean ? [] : [decisionEntry({ ...handling, actor, request, refusedBecause: permission.code })],
      };
    }
    if (handling.onlySafe && !isSafeLate(command)) {
      return { answer: privateReply(awaySentence), outcome: 'too-old', state: 'too-old' };
    }
    const parsed = command.args.safeParse(request.args);
    if (!parsed.success) return { answer: invalid(command, request, parsed.error), outcome: 'invalid' };

    const reads = command.effect === 'read';
    const audit = reads ? undefined : decisionEntry({ ...handling, actor, request });
    const store = commandStore({
      store: this.#parts.store,
      inboxId,
      command: command.id,
      actor,
      action: reads ? undefined : request.action,
      audit,
      ofRole: command.whileSuspended !== true && !command.roles.includes('user'),
      progress,
    });
    const noted: AuditEntry[] = [];
    const context: CommandContext = {
      actor,
      ...(place === undefined ? {} : { place }),
      ...(thread === undefined ? {} : { thread }),
      via,
      store,
      policy,
      approvals,
      evidence,
      clock,
      ids,
      log: this.#parts.log.child({ command: command.id, inbox: inboxId }),
      changeAside: (body) => this.#parts.store.change(body),
      audit: (entry) => noted.push(entry),
      organisation,
      commands: this.#parts.commands.filter((other) => hasRole(other, actor)),
    };
    const answer = await command.run(context, parsed.data);
    const decision = progress.committed || audit === undefined ? [] : [audit];
    return { answer, outcome: outcomeOf(answer), audit: [...decision, ...noted] };
  }

  /** Commands of which help and suggestions may speak: allowed to this actor, here. */
  #allowedCommands(actor: Actor, { place }: Incoming): AnyCommand[] {
    const { commands, policy, readOnlyPlatforms = [] } = this.#parts;
    return commands.filter(
      (command) =>
        command.clickOnly !== true &&
        authorise({ command, actor, policy, place, readOnlyPlatforms }).kind === 'allowed',
    );
  }

  async #refusalAnswer(
    incoming: Incoming,
    actor: Actor,
    command: AnyCommand,
    { code, userMessage }: { code: string; userMessage: string },
  ): Promise<DraftAnswer> {
    if (code !== 'role-missing') return privateReply(userMessage);
    const report = command.effect === 'read' ? undefined : await ownReport(this.#parts.store, actor);
    const passedOn = report === undefined ? '' : ` I have passed your report on: INC-${report}.`;
    const stillWorks = incoming.input.kind === 'click' ? ' The button still works for them.' : '';
    // Whoever speaks for somebody else learns whom to call.
    const call = command.id === 'lost-device' ? ' Let them tell me themselves, or call the helpdesk for them.' : '';
    const suggested = suggestCommands(this.#allowedCommands(actor, incoming));
    return privateReply(userMessage, call, stillWorks, passedOn, ' ', ...suggested);
  }

  /** Where the command's own change has marked it already, nothing is left to write. */
  async #markHandled({ inboxId, progress }: Handling, turn: HandledCommand): Promise<void> {
    const { store, clock } = this.#parts;
    const { audit = [], command = null, outcome, state = 'handled' } = turn;
    if (audit.length === 0 && progress.committed && outcome === 'done') return;
    const mark = async (db: Kysely<Database>): Promise<void> => {
      await db
        .updateTable('inbox')
        .set({ state, command, outcome, handledAt: clock.now() })
        .where('id', '=', inboxId)
        .where('state', 'in', progress.committed ? ['stored', 'handled'] : ['stored'])
        .execute();
    };
    if (audit.length === 0) return await mark(store.db);
    await store.change(async (change) => {
      await mark(change.tx);
      for (const entry of audit) change.audit(entry);
    });
  }
}

const unknownAccountSentence = 'I cannot tell whose account this is, so I do nothing for it. Ask an admin.';
const awaySentence =
  'I was away when you said this, and too much time has passed to do it unasked. Please say it again.';

function isSafeLate(command: AnyCommand): boolean {
  return command.effect === 'read' || command.effect === 'report' || command.id === lockCommandId;
}

function outcomeOf(answer: DraftAnswer): string {
  if (answer.fieldErrors !== undefined) return 'invalid';
  return answer.form === undefined ? 'done' : 'form';
}

/** The open incident that this person reported themselves, if any. */
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
