/**
 * From typed lines to the core, and its answers to the sink: who is speaking, which form is open, which button is meant.
 * Lines are handled one at a time.
 */
import type { Incoming, Receipt, Sender } from '../../src/chat/port.ts';
import type { Identity } from '../../src/ground/addresses.ts';
import { assertNever, MislaidError } from '../../src/ground/errors.ts';
import type { Answer, Message } from '../../src/message/model.ts';
import type { Buttons, Pressable, Showing } from './buttons.ts';
import { type ButtonChoice, createClicks } from './clicks.ts';
import { answerForm, type OpenForm, openForm, question, withErrors } from './forms.ts';
import { identityOf, type Persona, type Speaker, senderOf } from './identity.ts';
import { readLine, splitPrefix, type TypedLine } from './lines.ts';
import { type Sink, speakerLabel } from './send.ts';

export type ConversationInput = {
  sink: Sink;
  buttons: Buttons;
  personas: readonly Persona[];
  canImpersonate: boolean;
  /** Who speaks at the beginning, and where. */
  start: Speaker;
  timeZone: string;
  /** Asks before a click that wants it; a script is not asked. */
  asksToConfirm: boolean;
  nextEventKey(): string;
  onCommand(incoming: Incoming): Promise<Receipt>;
  onQuit(): void;
};

export type Conversation = {
  /** Handles one line; resolves when its answer was shown. Never rejects. */
  hear(line: string): Promise<void>;
  /** What stands before the line being typed. */
  prompt(): string;
  /** Who says the next line, unless it says otherwise. */
  speaker(): Speaker;
  /** Whether the next line answers a form, and so is nobody's business later. */
  inForm(): boolean;
};

export function createConversation(input: ConversationInput): Conversation {
  const { sink, buttons, personas } = input;
  const knownNames = new Set([...personas.map((persona) => persona.name), input.start.name]);
  const forms = new Map<Identity, { open: OpenForm; showing: Showing }>();
  const pressing = createClicks({
    buttons,
    asksToConfirm: input.asksToConfirm,
    ask: (sentence) => sink.note(sentence),
  });
  let current = input.start;

  async function hear(line: string): Promise<void> {
    try {
      await heardLine(line);
    } catch (error) {
      // The core catches what goes wrong in it; whatever comes here must not end the conversation.
      sink.note(`That went wrong here: ${error instanceof Error ? error.message : 'not known why'}.`);
    }
  }

  async function heardLine(line: string): Promise<void> {
    const { speaker, text } = splitPrefix(line, current);
    if (!maySpeakAs(speaker.name)) return;
    const identity = identityOf(speaker.name);
    const asked = pressing.confirming(identity);
    if (asked !== undefined) {
      const confirmed = pressing.confirmed(identity, text);
      if (confirmed) await click(asked, speaker);
      else sink.note(`"${asked.label}" was not pressed.`);
      return;
    }
    const read = readLine(text, forms.has(identity), knownNames);
    if (read.kind !== 'nothing') sink.heard(speaker, text.trim());
    await act(read, speaker);
  }

  async function act(line: TypedLine, speaker: Speaker): Promise<void> {
    const identity = identityOf(speaker.name);
    switch (line.kind) {
      case 'nothing':
        return;
      case 'quit':
        return input.onQuit();
      case 'how':
        return sink.note(consoleHelp(input.canImpersonate));
      case 'as':
        return speakAs(line.name);
      case 'in':
        current = { ...current, place: line.place };
        return;
      case 'private':
        current = { name: current.name };
        return;
      case 'number':
        return press(pressing.numbered(line.number, identity, speaker.place), speaker);
      case 'press':
        return press(pressing.named(line.words, identity, speaker.place, line.card), speaker);
      case 'card': {
        const meant = pressing.named(line.words, identity, speaker.place, line.card);
        return meant.kind === 'none' ? say(line.text, speaker) : press(meant, speaker);
      }
      case 'sentence':
        return say(line.text, speaker);
      case 'answer':
        return answer(line.text, identity);
      default:
        return assertNever(line, 'line');
    }
  }

  /** Says so where he may not be spoken as. A name that nobody has is most often a slip: it is not spoken as a stranger. */
  function maySpeakAs(name: string): boolean {
    if (!input.canImpersonate && name !== input.start.name) {
      sink.note(`Only on the lab can the console speak as somebody else. Here it speaks as ${input.start.name}.`);
      return false;
    }
    if (knownNames.has(name)) return true;
    sink.note(`There is nobody called "${name}" here. There are: ${[...knownNames].join(', ')}.`);
    return false;
  }

  function speakAs(name: string): void {
    if (!maySpeakAs(name)) return;
    current = { ...current, name };
    const form = forms.get(identityOf(name));
    if (form !== undefined) sink.form(identityOf(name), form.open, 'question');
  }

  async function press(meant: ButtonChoice, speaker: Speaker): Promise<void> {
    switch (meant.kind) {
      case 'button':
        return pressing.wantsConfirming(meant.button, identityOf(speaker.name))
          ? undefined
          : click(meant.button, speaker);
      case 'none':
      case 'several':
        return sink.note(meant.sentence);
      default:
        return assertNever(meant, 'what a press means');
    }
  }

  function click(button: Pressable, speaker: Speaker): Promise<void> {
    return send({ kind: 'click', action: button.action }, speaker.name, button.showing);
  }

  function say(text: string, speaker: Speaker): Promise<void> {
    return send({ kind: 'sentence', text }, speaker.name, speaker.place === undefined ? {} : { place: speaker.place });
  }

  async function answer(text: string, identity: Identity): Promise<void> {
    const form = forms.get(identity);
    if (form === undefined) return;
    const step = answerForm(form.open, text);
    switch (step.kind) {
      case 'cancel':
        forms.delete(identity);
        sink.note(`${form.open.form.title}: left, nothing was sent.`);
        return;
      case 'again':
        sink.form(identity, form.open, 'question', step.sentence);
        return;
      case 'ask':
        forms.set(identity, { ...form, open: step.open });
        sink.form(identity, step.open, 'question');
        return;
      case 'submit': {
        const { values, form: asked } = step.open;
        forms.set(identity, { ...form, open: step.open });
        const said = { kind: 'form', action: asked.submit.action, values: copied(values) } as const;
        await send(said, identity.replace(/^console:/, ''), form.showing);
        return;
      }
      default:
        return assertNever(step, 'step of a form');
    }
  }

  /** Hands it to the core and shows what comes of it. */
  async function send(said: Incoming['input'], name: string, showing: Showing): Promise<void> {
    const sender: Sender = senderOf(name, personas, input.timeZone);
    const reception = await received({
      eventKey: input.nextEventKey(),
      sender,
      ...(showing.place === undefined ? {} : { place: showing.place }),
      ...(showing.ref === undefined ? {} : { thread: showing.ref }),
      input: said,
    });
    const form = said.kind === 'form' ? forms.get(sender.identity) : undefined;
    switch (reception.kind) {
      case 'duplicate':
        return;
      case 'not-stored':
        tell(sender.identity, showing, oneSentence(reception.userMessage));
        // What was typed is kept: the form is asked again, and empty lines keep the answers.
        if (form !== undefined) reopen(sender.identity, form.showing, withErrors(form.open, {}));
        return;
      case 'stored':
        if (form !== undefined) forms.delete(sender.identity);
        return showAnswer(await reception.answer, sender.identity, showing, form?.open);
      default:
        return assertNever(reception, 'reception');
    }
  }

  async function received(incoming: Incoming): Promise<Receipt> {
    try {
      return await input.onCommand(incoming);
    } catch (error) {
      const sentence =
        error instanceof MislaidError
          ? error.userMessage
          : 'This was not stored, so nothing was done. Please say it again.';
      return { kind: 'not-stored', userMessage: sentence };
    }
  }

  function showAnswer(given: Answer, identity: Identity, showing: Showing, submitted: OpenForm | undefined): void {
    if (given.private !== undefined) tell(identity, showing, given.private);
    if (given.form !== undefined) {
      const open = openForm(given.form);
      forms.set(identity, { open, showing });
      sink.form(identity, open, 'open');
    }
    if (given.fieldErrors !== undefined && Object.keys(given.fieldErrors).length > 0 && submitted !== undefined) {
      reopen(identity, showing, withErrors(submitted, given.fieldErrors));
    }
  }

  function reopen(identity: Identity, showing: Showing, open: OpenForm): void {
    forms.set(identity, { open, showing });
    sink.form(identity, open, 'errors');
  }

  function tell(identity: Identity, showing: Showing, message: Message): void {
    const numbers = buttons.show(
      showing.place === undefined ? { identity } : { identity, place: showing.place },
      message,
    );
    sink.show({ kind: 'private', target: { to: identity }, message, numbers });
  }

  return {
    hear,
    prompt: () => {
      const asked = pressing.confirming(identityOf(current.name));
      if (asked !== undefined) return `${asked.label}? y/n> `;
      const form = forms.get(identityOf(current.name));
      return form === undefined ? `${speakerLabel(current)}> ` : `${current.name} · ${question(form.open).prompt} `;
    },
    speaker: () => current,
    inForm: () => forms.has(identityOf(current.name)),
  };
}

/** The console's own words, beside the bot's commands. */
export function consoleHelp(canImpersonate: boolean): string {
  const anyone = canImpersonate ? 'as <name> · <name> #place> … · ' : '';
  return `The console itself: ${anyone}in #place · private · <number> or press <button> presses · quit. Everything else goes to the bot: try help${canImpersonate ? ', or lost device alice' : ''}.`;
}

function oneSentence(sentence: string): Message {
  return { tone: 'danger', blocks: [{ kind: 'text', text: [{ kind: 'plain', text: sentence }] }] };
}

function copied(values: OpenForm['values']): Record<string, string | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(values).map(([id, value]) => [id, typeof value === 'object' ? [...value] : value]),
  );
}
