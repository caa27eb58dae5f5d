import { requireAudit } from '../../audit/require-audit.ts';
import { mayRequest } from '../../incidents/approvals/rules.ts';
import { proposeWipe } from '../../incidents/wipe/propose-wipe.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { proposalFrom, WipeArgs, wipeForm, wipeTarget } from './wipe-form.ts';

export const wipeCommand = defineIncidentCommand({
  id: 'wipe',
  topic: 'wipes',
  patterns: [
    'wipe <incident> <device> [<scope:full|account-only|outlook-app>] [because <reason...>]',
    'wipe <incident> <device> <scope:full|account-only|outlook-app> because <reason...>',
    'wipe <incident>',
  ],
  examples: ['wipe INC-104 1 account-only because it was left in a taxi', 'wipe INC-104 1'],
  args: WipeArgs,
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'destroy',
  intents: [
    {
      title: 'Propose a wipe of a phone',
      needs: ['wipe', ['phone', 'here', 'told'], 'case'],
      likes: ['phone'],
      never: ['negated', 'cancel', 'stopAll', 'approve', 'deny', 'find'],
      about: 'case',
    },
    {
      title: 'Propose a wipe of a phone',
      needs: ['wiped', 'wish', ['phone', 'here'], 'case'],
      never: ['negated', 'cancel', 'stopAll', 'find', 'who', 'status'],
      about: 'case',
    },
  ],
  summary: 'Propose a wipe of one phone; a second person must approve it',
  details:
    'Opens a form: what is erased, why, how the caller was verified. A full wipe is confirmed by typing the name of the phone and the last four characters of its id.',
  mustBeOpen: true,
  ownersMay: true,
  async run(context, args, view) {
    const verdict = mayRequest({
      actor: context.actor,
      ownerGuid: view.owner.guid,
      policy: context.policy,
      roles: ['helpdesk', 'security', 'admin'],
    });
    if (verdict.kind === 'refusal') throw refusal(verdict.code, verdict.userMessage);
    const target = await wipeTarget(context, view, args, 'wipe');
    if (target.kind === 'answer') return target.answer;
    if (context.via !== 'form') {
      return { form: wipeForm(target.value, args, { command: 'wipe', title: 'Wipe phone', submit: 'Propose' }) };
    }
    const made = proposalFrom(context, target.value, args);
    if ('fieldErrors' in made) return made;
    await requireAudit(context.store.db, context.clock.now());
    await context.store.change((change) => proposeWipe(change, context, made.proposal));
    return {};
  },
});
