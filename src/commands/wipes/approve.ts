import { z } from 'zod';
import { explainAuditAway } from '../../audit/require-audit.ts';
import { Shown } from '../../incidents/approvals/remarks.ts';
import { whyClosed } from '../../incidents/approvals/rules.ts';
import { asksStepUp } from '../../incidents/approvals/step-up.ts';
import { confirmsTyped } from '../../incidents/devices/device.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { ApprovalArgs, chooseApproval } from './choose-approval.ts';
import { decideAsShown, proveStepUp, refuseEnded, showApproval, showForm, typedField, waitsInstead } from './shown.ts';

export const approveCommand = defineCommand({
  id: 'approve',
  topic: 'wipes',
  patterns: ['approve <incident> [<device>]'],
  examples: ['approve INC-104', 'approve INC-104 1'],
  /** What stood above the button, and what was typed. Only a button and a form carry it. */
  args: ApprovalArgs.extend({
    ...Shown.partial().shape,
    typed: z.string().max(200).optional(),
    code: z.string().max(20).optional(),
  }),
  // The helpdesk may say it, so that who asked is told who can decide; the rule itself refuses.
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'destroy',
  intents: [
    {
      title: 'Look at what waits for my approval',
      needs: ['approve', 'case'],
      likes: ['wipes'],
      never: ['negated', 'deny', 'refusal', 'password', 'wait', 'app', 'find', 'loss'],
      about: 'case',
    },
    {
      title: 'Look at what waits for my approval',
      needs: ['assent', ['number', 'here']],
      likes: ['wipes', 'wipe'],
      never: ['negated', 'deny', 'refusal', 'password', 'wait', 'app', 'find', 'loss', 'person', 'close'],
      about: 'case',
    },
  ],
  summary: 'Read what somebody else asked for, and approve it',
  details:
    'It shows you what waits; the button under it approves exactly that. For a full or Outlook wipe you type the name of the phone and the last four characters of its id. Nobody can approve what they asked for themselves, or for their own phone.',
  async run(context, args) {
    const chosen = await chooseApproval(context, args, 'approve');
    if (chosen.kind === 'answer') return chosen.answer;
    const { approval, view } = chosen.value;
    const shown = Shown.safeParse(args);
    if (!shown.success) return showApproval(context, approval, undefined, view);
    const closed = whyClosed(approval);
    const instead = closed === undefined ? undefined : await waitsInstead(context, approval);
    if (instead !== undefined) return showApproval(context, instead, `${closed} Nothing was decided.`);
    if (closed !== undefined) return refuseEnded(context, approval);
    const { store, approvals, policy, clock } = context;
    const content = await approvals.content(store.db, approval);
    const { what, typed } = content;
    const stepUp = asksStepUp(policy, approval, content);
    if ((stepUp || typed !== undefined) && context.via !== 'form') {
      return showForm(context, approval, shown.data, stepUp ? 'step-up' : typedField(typed ?? ''));
    }
    // A code says who it is and for what: nothing else is typed then.
    if (!stepUp && typed !== undefined && !confirmsTyped(typed, args.typed ?? '')) {
      return { fieldErrors: { typed: `Type exactly: ${typed}` } };
    }
    const proved = stepUp ? await proveStepUp(context, approval, shown.data, args.code ?? '') : undefined;
    if (proved?.kind === 'answer') return proved.answer;
    const proof = proved === undefined ? {} : { proof: proved.value };
    const decision = { decision: 'approve', reason: null, shown: shown.data, ...proof } as const;
    const decided = await explainAuditAway(store.db, clock.now(), () => decideAsShown(context, approval, decision));
    if (decided.kind === 'answer') return decided.answer;
    const { complete, missing, voided } = decided.value;
    if (voided !== undefined) return privateAnswer(`${what} is void: ${voided}. Nothing was carried out.`);
    if (complete) return privateAnswer(`Approved: ${what}. The cards say how far it got.`);
    return privateAnswer(
      `Noted: you approve ${what}. ${missing === 1 ? 'One more person' : `${missing} more people`} must approve this.`,
    );
  },
});
