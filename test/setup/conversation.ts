/** What people say to the bot under test, and what they see of it. */

import type { Incoming, Input, Sender } from '../../src/chat/port.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import type { Answer, FormValues, Message } from '../../src/message/model.ts';
import { renderPlainForm, renderPlainText } from '../../src/message/plain.ts';
import type { FakeAdapter, Posted } from '../fakes/adapter.ts';

/** `#helpdesk`; undefined is a private conversation with the bot. */
export type Where = `#${string}` | undefined;

export type Turn = {
  kind: 'stored' | 'duplicate' | 'not-stored';
  answer: Answer;
  /** The private answer, the form or the field errors as plain text; what was said where it could not be stored. */
  text: string;
};

export type SayOptions = {
  /** false: what the command sets going does not run yet. */
  settle?: boolean;
  eventKey?: string;
  sender?: Partial<Sender>;
};

export type Conversation = {
  readonly adapter: FakeAdapter;
  /** A persona is the name of a console account (`hana`), or a whole identity (`slack:T1/U1`). */
  type(persona: string, where: Where, text: string, options?: SayOptions): Promise<Turn>;
  /** Presses the newest button of this label that the persona can see there: in his last answer, else on the messages shown. */
  click(persona: string, where: Where, label: string, options?: SayOptions): Promise<Turn>;
  /** Presses the button of this action id, whoever can see it. */
  press(persona: string, where: Where, action: string, options?: SayOptions): Promise<Turn>;
  /** Fills in the form that the persona was last shown; what is not given is left out. */
  submit(persona: string, where: Where, values: FormValues, options?: SayOptions): Promise<Turn>;
  /** The action id behind a button that is shown now in a place, or privately to a persona. */
  action(where: Where, persona: string, label: string): string;
  /** What stands in a place now, or privately before a persona: one text per message, oldest first. */
  messagesIn(target: string): string[];
  /** The newest message there whose text holds this; fails with all that is there. */
  find(target: string, part: string): string;
  everything(): string;
};

export function createConversation(input: {
  adapter: FakeAdapter;
  clock: Clock;
  ids: Ids;
  settle: () => Promise<void>;
}): Conversation {
  const { adapter, clock, ids, settle } = input;
  const answers = new Map<string, Answer>();
  const forms = new Map<string, NonNullable<Answer['form']>>();
  const times = {
    timeZone: 'UTC',
    get now() {
      return clock.now();
    },
  };

  async function speak(persona: string, where: Where, said: Input, options: SayOptions): Promise<Turn> {
    const identity = identityOf(persona);
    const incoming: Incoming = {
      eventKey: options.eventKey ?? `event-${ids.token()}`,
      sender: { identity, displayName: persona, ...options.sender },
      ...(where === undefined ? {} : { place: placeOf(where) }),
      input: said,
    };
    const reception = await adapter.say(incoming);
    const answer: Answer = reception.kind === 'stored' ? await reception.answer : {};
    if (answer.private !== undefined) answers.set(identity, answer);
    if (answer.form !== undefined) forms.set(identity, answer.form);
    if (options.settle !== false) await settle();
    const text = reception.kind === 'not-stored' ? reception.userMessage : textOf(answer);
    return { kind: reception.kind, answer, text };
  }

  function textOf(answer: Answer): string {
    return [
      answer.private === undefined ? '' : renderPlainText(answer.private, times),
      answer.form === undefined ? '' : renderPlainForm(answer.form, times),
      ...Object.entries(answer.fieldErrors ?? {}).map(([field, sentence]) => `${field}: ${sentence}`),
    ]
      .filter((part) => part !== '')
      .join('\n');
  }

  const messagesAt = (target: string): Posted[] => adapter.posted.filter((each) => each.target === target);
  const shown = (target: string): string[] =>
    messagesAt(targetOf(target)).map((each) => renderPlainText(each.message, times));

  function action(where: Where, persona: string, label: string): string {
    const identity = identityOf(persona);
    const private_ = answers.get(identity)?.private;
    const seen: Message[] = [
      ...messagesAt(where === undefined ? identity : placeOf(where)).map((each) => each.message),
      ...(private_ === undefined ? [] : [private_]),
    ];
    for (const message of seen.toReversed()) {
      for (const block of message.blocks) {
        if (block.kind !== 'buttons') continue;
        const found =
          block.buttons.find((button) => button.label === label) ??
          // A label may end in what it is about (`Cancel wipe of 1 iPhone 15 …9F3A`), which need not be said.
          block.buttons.find((button) => button.label.startsWith(`${label} `));
        if (found !== undefined) return found.action;
      }
    }
    throw new Error(
      `${persona} sees no button "${label}" ${where ?? 'privately'}\n${seen.map((m) => renderPlainText(m, times)).join('\n--\n')}`,
    );
  }

  return {
    adapter,
    type: (persona, where, text, options = {}) => speak(persona, where, { kind: 'sentence', text }, options),
    click: (persona, where, label, options = {}) =>
      speak(persona, where, { kind: 'click', action: action(where, persona, label) }, options),
    press: (persona, where, id, options = {}) => speak(persona, where, { kind: 'click', action: id }, options),
    submit: (persona, where, values, options = {}) => {
      const form = forms.get(identityOf(persona));
      if (form === undefined) throw new Error(`${persona} was shown no form`);
      const given = Object.fromEntries(
        Object.entries(values).map(([field, value]) => [field, typeof value === 'object' ? [...value] : value]),
      );
      return speak(persona, where, { kind: 'form', action: form.submit.action, values: given }, options);
    },
    action,
    messagesIn: shown,
    find: (target, part) => {
      const found = shown(target).findLast((text) => text.includes(part));
      if (found !== undefined) return found;
      throw new Error(`${target} shows nothing with "${part}":\n${shown(target).join('\n--\n')}`);
    },
    everything: () =>
      adapter.posted.map((each) => `[${each.target} ${each.kind}]\n${renderPlainText(each.message, times)}`).join('\n'),
  };
}

function identityOf(persona: string): string {
  return persona.includes(':') ? persona : `console:${persona}`;
}

function placeOf(where: string): string {
  return where.includes(':') ? where : `console:${where}`;
}

/** A place or a persona. */
function targetOf(name: string): string {
  return name.startsWith('#') ? placeOf(name) : identityOf(name);
}
