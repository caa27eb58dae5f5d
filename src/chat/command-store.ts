import type { CommandContext } from '../commands/command.ts';
import { MislaidError } from '../ground/errors.ts';
import { lockPeople } from '../incidents/lock-order.ts';
import { suspendedSentence, suspendingIncidents } from '../incidents/roles/current-roles.ts';
import type { AuditEntry, Change, Store } from '../store/port.ts';
import { markUsed } from './actions.ts';

/** What a command has written so far. */
export type CommandProgress = { committed: boolean };

/**
 * The store as one run of one command sees it: its first change also marks the stored command as handled, the button as
 * used, and writes the decision to let it happen. They commit with the effect or not at all, so a crash, a second click or
 * a second process never makes the effect happen twice, and a click that is refused consumes nothing.
 */
export function commandStore(input: {
  store: Store;
  inboxId: number;
  command: string;
  actor: CommandContext['actor'];
  /** The button, when its effect may happen only once. */
  action?: string | undefined;
  audit?: AuditEntry | undefined;
  /** Whether a role beside `user` is what allows it. */
  ofRole: boolean;
  progress: CommandProgress;
}): Store {
  const { store, inboxId, command, actor, action, audit, ofRole, progress } = input;
  return {
    db: store.db,
    change: async (body) => {
      if (progress.committed) {
        return await store.change(async (change) => {
          await requireUnsuspended(change, actor, ofRole);
          return await body(change);
        });
      }
      const result = await store.change(async (change) => {
        const mine = await change.tx
          .updateTable('inbox')
          .set({ state: 'handled', handledAt: change.now, command, outcome: 'done' })
          .where('id', '=', inboxId)
          .where('state', '=', 'stored')
          .returning('id')
          .executeTakeFirst();
        if (mine === undefined)
          throw alreadyDone('already-handled', `command ${inboxId} was handled by another process`);
        if (action !== undefined && !(await markUsed(change.tx, action, { by: actor.person.guid, at: change.now }))) {
          throw alreadyDone('already-done', `action ${action} was used before`);
        }
        await requireUnsuspended(change, actor, ofRole);
        if (audit !== undefined) change.audit(audit);
        return await body(change);
      });
      progress.committed = true;
      return result;
    },
  };
}

/** Somebody may have reported the actor's phone since they were asked who they are: then nothing is done in their name any more. */
async function requireUnsuspended(change: Change, { person }: CommandContext['actor'], ofRole: boolean): Promise<void> {
  if (!ofRole) return;
  await lockPeople(change, [person.guid]);
  const numbers = await suspendingIncidents(change.tx, person.guid);
  if (numbers.length === 0) return;
  const userMessage = suspendedSentence(numbers);
  throw new MislaidError({ code: 'suspended', message: `${person.guid} is suspended`, userMessage });
}

function alreadyDone(code: string, message: string): MislaidError {
  return new MislaidError({ code, message, userMessage: 'That was done already; it does not happen twice.' });
}
