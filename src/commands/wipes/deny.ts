import { z } from 'zod';
import { Shown } from '../../incidents/approvals/remarks.ts';
import { describeWaiting } from '../../incidents/approvals/waiting.ts';
import { button, buttons, paragraph } from '../../message/text.ts';
import { privateAnswer, ReasonArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { reasonField } from '../verified-caller.ts';
import { ApprovalArgs, chooseApproval } from './choose-approval.ts';
import { decideAsShown } from './shown.ts';

export const denyCommand = defineCommand({
  id: 'deny',
  topic: 'wipes',
  patterns: ['deny <incident> [<device>] because <reason...>', 'deny <incident> [<device>]'],
  examples: ['deny INC-104 because the phone was found', 'deny INC-104 1 because nobody verified the caller'],
  /** What stood above the button. A sentence carries none of it, and so decides nothing. */
  args: ApprovalArgs.extend({ ...Shown.partial().shape, reason: z.string().optional() }),
  // The helpdesk may say it, so that who asked is told who can decide; the rule itself refuses.
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Deny what waits',
      needs: ['deny', 'case'],
      likes: ['wipes', 'wipe'],
      never: ['password', 'loss', 'close'],
      about: 'case',
    },
    {
      title: 'Deny what waits',
      needs: ['refusal', ['number', 'here']],
      likes: ['wipes', 'wipe'],
      never: ['password', 'loss', 'close', 'mistaken', 'person', 'cancel'],
      about: 'case',
    },
    { title: 'Deny what waits', needs: ['dontWipe', 'here'], never: ['safe', 'person'], about: 'case' },
  ],
  summary: 'Deny what somebody asked for, with a reason',
  async run(context, args) {
    const chosen = await chooseApproval(context, args, 'deny');
    if (chosen.kind === 'answer') return chosen.answer;
    const { store, approvals, policy, clock, actor } = context;
    const { approval } = chosen.value;
    const by = { approval, by: actor, decision: 'deny', now: clock.now() } as const;
    const refused = await approvals.refusalOf(store.db, policy, by);
    if (refused !== undefined) throw refusal(refused.code, refused.userMessage);
    const [described] = await describeWaiting(approvals, store.db, [approval]);
    if (described === undefined) throw new Error(`approval ${approval.id} is not described`);
    const { what, line } = described;
    const carried = Shown.safeParse(args);
    const shown = carried.success ? carried.data : described.shown;
    const action = { approval: approval.id, ...shown };
    const reason = ReasonArgument.safeParse(args.reason ?? '');
    if (!reason.success) {
      if (context.via === 'form')
        return { fieldErrors: { reason: 'Say why, in a few words: the requester reads it.' } };
      return {
        form: {
          id: 'deny',
          title: 'Deny',
          intro: [{ kind: 'text', text: line }],
          fields: [reasonField({ hint: 'The requester reads this.' })],
          submit: { label: 'Deny', style: 'danger', action: { command: 'deny', args: action } },
        },
      };
    }
    // A sentence names an incident, and what waits there may be another by now: it shows, and the button denies exactly that.
    if (!carried.success) {
      const row = buttons(button('Deny', 'deny', { ...action, reason: reason.data }, { style: 'danger' }));
      const ask = paragraph('Nothing is decided yet: read what waits, and press.');
      return { private: { title: 'Deny?', tone: 'warning', blocks: [{ kind: 'text', text: line }, ask, row] } };
    }
    const decided = await decideAsShown(context, approval, { decision: 'deny', reason: reason.data, shown });
    if (decided.kind === 'answer') return decided.answer;
    return privateAnswer(`Denied: ${what}. Who asked reads why.`);
  },
});
