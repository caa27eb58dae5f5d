import { z } from 'zod';
import { loadIncident } from '../../incidents/incident/view.ts';
import { button, buttons, paragraph } from '../../message/text.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { mayBeHeld } from '../held-wipes.ts';
import { chooseCase } from '../which-case.ts';

/** Takes nothing back by itself: it shows what can be, each by its button. */
export const undoCommand = defineCommand({
  id: 'undo',
  topic: 'lost-phone',
  patterns: ['undo [<incident>]'],
  examples: ['undo INC-104', 'undo'],
  args: z.object({ incident: IncidentArgument.optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show what can be taken back',
      needs: ['cancel', 'dontWipe', 'case'],
      likes: ['phone'],
      never: ['all', 'approve'],
      about: 'case',
    },
    {
      title: 'Show what can be taken back',
      needs: ['cancel', 'case', 'told'],
      likes: ['wipe', 'here'],
      never: ['negated', 'all', 'approve'],
      about: 'case',
    },
  ],
  summary: 'What of a case can be taken back: a request, a wipe, or the case itself',
  async run(context, args) {
    const chosen = await chooseCase(context, 'undo', args);
    if (chosen.kind === 'answer') return chosen.answer;
    const incident = chosen.value;
    const { incident: row, wipes, approvals } = await loadIncident(context.store.db, incident);
    if (row.state === 'closed') return privateAnswer(`INC-${incident} is closed: nothing of it waits.`);
    const waits = approvals.some(({ state }) => state === 'waiting' || state === 'approved');
    const held = wipes.some(mayBeHeld);
    const offered = [
      ...(waits ? [button('Withdraw what waits', 'withdraw', { incident })] : []),
      ...(held ? [button('Cancel the wipe…', 'cancel-wipe', { incident })] : []),
      button('The phone was found…', 'found', { incident }),
      button('None of these phones is lost…', 'found', { incident, none: true }),
      button('Close the case', 'close', { incident }),
    ];
    const what = held
      ? 'Exchange has been asked for a wipe; it can be cancelled until the phone has heard of it.'
      : waits
        ? 'A request waits for a decision; nothing was asked of Exchange yet.'
        : 'Nothing was asked of Exchange.';
    return {
      private: {
        tone: 'neutral',
        blocks: [paragraph(`INC-${incident}: ${what} What do you take back?`), buttons(...offered)],
      },
    };
  },
});
