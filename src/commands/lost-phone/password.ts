import { z } from 'zod';
import { loadIncident } from '../../incidents/incident/view.ts';
import { button, buttons, paragraph, present } from '../../message/text.ts';
import { firstWord } from '../../message/words.ts';
import type { Role } from '../../policy.ts';
import { choosePerson, IncidentArgument, PersonArgument, privateAnswer } from '../arguments.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';
import { caseOfThread, openCases } from '../which-case.ts';
import { holdAnswer, ownHoldAnswer } from './hold-answer.ts';
import { ownReport } from './own-report.ts';

/** Who may ask about other people's passwords. */
const ofOthers: readonly Role[] = ['helpdesk', 'approver', 'security', 'admin'];

/** The question for which the bot exists: may this password be reset? A user asks only about their own. */
export const passwordCommand = defineCommand({
  id: 'password',
  topic: 'lost-phone',
  patterns: ['password <incident>', 'password [of|for] <person>', "can i reset <person>'s password", 'password'],
  examples: ['password bob', "can I reset Bob's password?", 'password INC-104', 'password'],
  args: z.object({ person: PersonArgument.optional(), incident: IncidentArgument.optional() }),
  roles: ['user'],
  effect: 'read',
  intents: [
    {
      title: 'Ask whether a password may be reset',
      needs: ['password', ['case', 'self', 'may', 'safe', 'reset']],
      likes: ['reset', 'may', 'safe', 'question'],
      never: ['anyway', 'didReset', 'loss', 'own-loss', 'helping'],
      about: 'person',
      strangers: 1,
      ofOthers,
    },
    {
      title: 'Ask whether a password may be reset',
      needs: [['disable', 'account'], 'account', ['person', 'here']],
      likes: ['may', 'safe', 'question'],
      never: ['didReset'],
      about: 'person',
      strangers: 1,
      ofOthers,
    },
    {
      title: 'Ask whether a password may be reset',
      needs: [['reset', 'safe'], ['may', 'question'], 'here'],
      likes: ['reset', 'question'],
      never: ['anyway', 'didReset', 'person', 'status', 'who', 'told'],
      about: 'person',
      ofOthers,
    },
  ],
  summary: 'Whether a password may be reset: not yet and why, or since when; everybody may ask about their own',
  details: 'As long as a wipe may still be on its way, a phone must be able to log in to hear of it.',
  async run(context, args) {
    const { store, policy, actor } = context;
    const others = ofOthers.some((role) => actor.roles.has(role));
    const incident =
      args.incident ?? (args.person === undefined && others ? await caseOfThread(store.db, context.thread) : undefined);
    if (incident !== undefined) {
      if (!others) throw onlyOwn();
      return await answerAbout(context, [incident]);
    }
    if (args.person === undefined) return await ownAnswer(context);
    if (!others && !isSelf(context, args.person)) throw onlyOwn();
    const found = await choosePerson(context, 'password', { ...args, person: args.person });
    if (found.kind === 'answer') return found.answer;
    const person = found.value;
    if (person.guid === actor.person.guid) return await ownAnswer(context);
    const cases = await openCases({ store, policy, organisation: context.organisation }, person);
    if (cases.length > 0)
      return await answerAbout(
        context,
        cases.map(({ number }) => number),
      );
    const name = firstWord(person.displayName);
    const report = button(`A phone of ${name}'s is lost`, 'lost-device', { person: person.guid });
    const sentence = paragraph(
      `I know of no lost phone of ${person.displayName}, and have not looked at their phones. If one is lost, open a case before the password is reset.`,
    );
    const may = actor.roles.has('helpdesk') || actor.roles.has('security') || actor.roles.has('admin');
    return { private: { tone: 'neutral', blocks: present(sentence, may && buttons(report)) } };
  },
});

/** About several cases of one person, the one that still waits counts. */
async function answerAbout(context: CommandContext, numbers: readonly number[]) {
  const { store, policy, actor } = context;
  const views = await Promise.all(numbers.map((number) => loadIncident(store.db, number)));
  const view = views.find(({ incident }) => incident.hold === 'open') ?? views[0];
  if (view === undefined || view.owner.guid === actor.person.guid) return await ownAnswer(context);
  const incident = view.incident.number;
  const held = view.incident.hold === 'open' && view.incident.state === 'open';
  const mayReset = held && (actor.roles.has('helpdesk') || actor.roles.has('security') || actor.roles.has('admin'));
  const row = present(
    button(`Show INC-${incident}`, 'status', { incident }),
    mayReset && button('Reset anyway…', 'reset-anyway', { incident }, { style: 'danger' }),
  );
  const tone = held ? ('warning' as const) : ('neutral' as const);
  return { private: { tone, blocks: [paragraph(...holdAnswer(view, policy)), buttons(...row)] } };
}

async function ownAnswer(context: CommandContext) {
  const view = await ownReport(context);
  if (view === undefined) {
    return privateAnswer(
      'I know of no lost phone of yours, and have not looked at your phones. If one is lost, tell me before your password is reset: say "I lost my phone".',
    );
  }
  return privateAnswer(...ownHoldAnswer(view));
}

function isSelf({ actor }: CommandContext, name: string): boolean {
  const { guid, alias, primarySmtp, displayName } = actor.person;
  return [guid, alias, primarySmtp, displayName].some((each) => each.toLowerCase() === name.toLowerCase());
}

function onlyOwn() {
  return refusal(
    'not-your-password',
    'I speak with you only about your own password. About somebody else, call the helpdesk.',
  );
}
