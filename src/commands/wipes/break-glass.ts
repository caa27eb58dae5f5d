import { requireAudit } from '../../audit/require-audit.ts';
import { lockState } from '../../incidents/brake/brake.ts';
import { breakGlass as storeBreakGlass } from '../../incidents/break-glass/break-glass.ts';
import { mayBreakGlass } from '../../incidents/break-glass/rules.ts';
import { requireCurrentRole } from '../../incidents/roles/current-roles.ts';
import { privateAnswer } from '../arguments.ts';
import { refusal } from '../refusal.ts';
import { defineIncidentCommand } from '../targets.ts';
import { proposalFrom, WipeArgs, wipeForm, wipeTarget } from './wipe-form.ts';

export const breakGlassCommand = defineIncidentCommand({
  id: 'break-glass',
  topic: 'wipes',
  patterns: [
    '(break-glass|break glass|breakglass) <incident> <device> [because <reason...>]',
    '(break-glass|break glass|breakglass) <incident>',
  ],
  examples: ['break-glass INC-104 1 because nobody else answers and the phone holds board papers'],
  args: WipeArgs,
  roles: ['security', 'admin'],
  effect: 'destroy',
  summary: 'Wipe one phone alone, without a second person; reviewed the next day',
  details:
    'Only when nobody can approve. Security is alerted at once, and somebody else must review it. The brake and the lock hold it like any other wipe.',
  mustBeOpen: true,
  ownersMay: true,
  async run(context, args, view) {
    const { store, clock, actor } = context;
    const target = await wipeTarget(context, view, args, 'break-glass');
    if (target.kind === 'answer') return target.answer;
    const verdict = mayBreakGlass({ guid: actor.person.guid, roles: actor.roles, ownerGuid: view.owner.guid });
    if (verdict.kind === 'refusal') throw refusal(verdict.code, verdict.userMessage);
    await requireCurrentRole(store.db, actor, ['security', 'admin'], clock.now());
    if (context.via !== 'form') {
      return {
        form: wipeForm(target.value, args, {
          command: 'break-glass',
          title: 'Break glass: wipe phone',
          submit: 'Break glass',
          says: 'You act alone. Security is alerted now, and somebody else reviews this from tomorrow on.',
        }),
      };
    }
    const made = proposalFrom(context, target.value, args);
    if ('fieldErrors' in made) return made;
    await requireAudit(store.db, clock.now());
    await store.change((change) => storeBreakGlass(change, context, made.proposal));
    return privateAnswer(
      (await lockState(store.db)).locked
        ? 'Stored, and security was alerted; but all wipes are locked, and breaking the glass does not unlock them. It waits until its time runs out.'
        : 'Security was alerted. I am asking Exchange; the card says how far it got.',
    );
  },
});
