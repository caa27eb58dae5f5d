/**
 * From typed lines to the core, and its answers to the sink: who is speaking, which form is open, which button is meant.
 * Lines are handled one at a time.
 */
import type { Incoming, Input, Receipt } from '../../src/chat/port.ts';
import type { Identity, Place } from '../../src/ground/addresses.ts';
import { assertNever, MislaidError } from '../../src/ground/errors.ts';
import type { Answer, Message } from '../../src/message/model.ts';
import { paragraph } from '../../src/message/text.ts';
import type { Buttons, Pressable, Showing } from './buttons.ts';
import { type ButtonChoice, Clicks } from './clicks.ts';
import { answerForm, type OpenForm, openForm, question, withErrors } from './forms.ts';
import { identityOf, type Persona, type Speaker, senderOf } from './identity.ts';
import { readLine, splitPrefix, type TypedLine } from './lines.ts';
import { type Sink, speakerLabel } from './send.ts';

type ConversationInput = {
  sink: Sink;
  buttons: Buttons;
  personas: readonly Persona[];
  canImpersonate: boolean;
  /** Who speaks at the beginning, and where. */
  start: Speaker;
  timeZone: string;
  /** Asks before a click that wants it; a script is not asked. */
  asksToConfirm: boolean;
  /** Whether the bot would take this line as a command: in a form it is asked which is meant. */
  isCommand?: ((line: string) => boolean) | undefined;
  nextEventKey(): string;
  onCommand(incoming: Incoming): Promise<Receipt>;
  onQuit(): void;
};

/** Lines of people, one after the other; on the lab they may speak as anyone. */
export class Conversation {
  readonly #input: ConversationInput;
  readonly #knownNames: ReadonlySet<string>;
  readonly #forms = new Map<Identity, { open: OpenForm; showing: Showing }>();
  /** Lines typed into a form that are commands as well, until it is said which is meant. */
  readonly #doubts = new Map<Identity, string>();
  readonly #clicks: Clicks;
  #current: Speaker;

  constructor(input: ConversationInput) {
    this.#input = input;
    this.#knownNames = new Set([...input.personas.map((persona) => persona.name), input.start.name]);
    this.#clicks = new Clicks({ ...input, ask: (sentence) => input.sink.note(sentence) });
    this.#current = input.start;
  }

  /** Handles one line; resolves when its answer was shown. Never rejects. */
  async hear(line: string): Promise<void> {
    try {
      await this.#hearLine(line);
    } catch (error) {
      // The core catches what goes wrong in it; whatever comes here must not end the conversation.
      this.#input.sink.note(`That went wrong here: ${error instanceof Error ? error.message : 'not known why'}.`);
    }
  }

  /** What stands before the line being typed. */
  prompt(): string {
    const identity = identityOf(this.#current.name);
    const asked = this.#clicks.confirming(identity);
    if (asked !== undefined) return `${asked.label}? y/n> `;
    const form = this.#forms.get(identity);
    if (form === undefined) return `${speakerLabel(this.#current)}> `;
    if (this.#doubts.has(identity)) return 'the answer? y/n> ';
    return `${this.#current.name} · ${question(form.open).prompt} `;
  }

  /** Leaves what is being asked, as Ctrl-C wants it; false where nothing is. */
  leave(): boolean {
    const identity = identityOf(this.#current.name);
    const asked = this.#clicks.confirming(identity);
    if (asked !== undefined) {
      this.#clicks.confirmed(identity, '');
      this.#input.sink.note(`"${asked.label}" was not pressed.`);
      return true;
    }
    return this.#leaveForm(identity);
  }

  #leaveForm(identity: Identity): boolean {
    const form = this.#forms.get(identity);
    if (form === undefined) return false;
    this.#doubts.delete(identity);
    this.#forms.delete(identity);
    this.#input.sink.note(`${form.open.form.title}: left, nothing was sent.`);
    return true;
  }

  /** Who says the next line, unless it says otherwise. */
  speaker(): Speaker {
    return this.#current;
  }

  /** Whether the next line answers a form, and so is nobody's business later. */
  inForm(): boolean {
    return this.#forms.has(identityOf(this.#current.name));
  }

  async #hearLine(line: string): Promise<void> {
    const { speaker, text } = splitPrefix(line, this.#current);
    if (!this.#maySpeakAs(speaker.name)) return;
    const identity = identityOf(speaker.name);
    const asked = this.#clicks.confirming(identity);
    if (asked !== undefined) {
      if (this.#clicks.confirmed(identity, text)) await this.#click(asked, speaker);
      else this.#input.sink.note(`"${asked.label}" was not pressed.`);
      return;
    }
    const read = readLine(text, this.#forms.has(identity), this.#knownNames);
    if (read.kind !== 'nothing') this.#input.sink.echo(speaker, text.trim());
    await this.#act(read, speaker);
  }

  async #act(line: TypedLine, speaker: Speaker): Promise<void> {
    const identity = identityOf(speaker.name);
    switch (line.kind) {
      case 'nothing':
        return;
      case 'quit':
        return this.#input.onQuit();
      case 'how':
        return this.#input.sink.note(consoleHelp(this.#input.canImpersonate));
      case 'as':
        return this.#speakAs(line.name);
      case 'in':
        this.#current = { ...this.#current, place: line.place };
        return;
      case 'private':
        this.#current = { name: this.#current.name };
        return;
      case 'number':
        return await this.#press(this.#clicks.numbered(line.number, identity, speaker.place), speaker);
      case 'press':
        return await this.#press(this.#clicks.named(line.words, identity, speaker.place, line.card), speaker);
      case 'card': {
        const meant = this.#clicks.named(line.words, identity, speaker.place, line.card);
        return await (meant.kind === 'none' ? this.#say(line.text, speaker) : this.#press(meant, speaker));
      }
      case 'sentence':
        return await this.#say(line.text, speaker);
      case 'answer':
        return await this.#answer(line.text, speaker);
      default:
        return assertNever(line, 'line');
    }
  }

  /** Says so where they may not be spoken as. A name that nobody has is most often a slip: it is not spoken as a stranger. */
  #maySpeakAs(name: string): boolean {
    const { canImpersonate, start, sink } = this.#input;
    if (!canImpersonate && name !== start.name) {
      sink.note(`Only on the lab can the console speak as somebody else. Here it speaks as ${start.name}.`);
      return false;
    }
    if (this.#knownNames.has(name)) return true;
    sink.note(`There is nobody called "${name}" here. There are: ${[...this.#knownNames].join(', ')}.`);
    return false;
  }

  #speakAs(name: string): void {
    if (!this.#maySpeakAs(name)) return;
    this.#current = { ...this.#current, name };
    const form = this.#forms.get(identityOf(name));
    if (form !== undefined) this.#input.sink.form(identityOf(name), form.open, 'question');
  }

  async #press(meant: ButtonChoice, speaker: Speaker): Promise<void> {
    if (meant.kind !== 'button') return this.#input.sink.note(meant.sentence);
    if (this.#clicks.wantsConfirming(meant.button, identityOf(speaker.name))) return;
    await this.#click(meant.button, speaker);
  }

  #click(button: Pressable, speaker: Speaker): Promise<void> {
    return this.#send({ kind: 'click', action: button.action }, speaker.name, button.showing);
  }

  #say(text: string, { name, place }: Speaker): Promise<void> {
    return this.#send({ kind: 'sentence', text }, name, { place });
  }

  async #answer(text: string, speaker: Speaker): Promise<void> {
    const { sink, asksToConfirm } = this.#input;
    const { name } = speaker;
    const identity = identityOf(name);
    const form = this.#forms.get(identity);
    if (form === undefined) return;
    const doubt = this.#doubts.get(identity);
    if (doubt !== undefined) return await this.#settleDoubt(doubt, text, speaker);
    if (this.#isDoubtful(form.open, text)) {
      this.#doubts.set(identity, text);
      return sink.note(
        `"${text}" is also something that I do. Is it the answer to "${form.open.asking[0]?.label}"? y takes it as the answer · n leaves the form and does it`,
      );
    }
    const isLastLook = asksToConfirm && form.open.asking.length === 0;
    if (isLastLook && !/^(y|yes|send|back|cancel)$/i.test(text))
      return sink.form(identity, form.open, 'question', 'Nothing was sent yet: y, back or cancel.');
    await this.#step(text, speaker, isLastLook);
  }

  /** A command in the place of a reason is most often a command. */
  #isDoubtful({ asking: [field] }: OpenForm, text: string): boolean {
    const { asksToConfirm, isCommand } = this.#input;
    if (!asksToConfirm || field?.kind !== 'text' || /^(cancel|back)$/i.test(text)) return false;
    return isCommand?.(text) === true;
  }

  async #settleDoubt(doubt: string, text: string, speaker: Speaker): Promise<void> {
    const identity = identityOf(speaker.name);
    this.#doubts.delete(identity);
    if (/^y(es)?$/i.test(text)) return await this.#step(doubt, speaker, false);
    if (/^no?$/i.test(text)) {
      this.#leaveForm(identity);
      return await this.#say(doubt, speaker);
    }
    const form = this.#forms.get(identity);
    if (form !== undefined) this.#input.sink.form(identity, form.open, 'question', 'It was not taken as the answer.');
  }

  async #step(text: string, { name }: Speaker, seen: boolean): Promise<void> {
    const { sink, asksToConfirm } = this.#input;
    const identity = identityOf(name);
    const form = this.#forms.get(identity);
    if (form === undefined) return;
    const step = answerForm(form.open, text);
    switch (step.kind) {
      case 'cancel':
        this.#leaveForm(identity);
        return;
      case 'again':
        return sink.form(identity, form.open, 'question', step.sentence);
      case 'ask':
        this.#forms.set(identity, { ...form, open: step.open });
        return sink.form(identity, step.open, 'question');
      case 'submit': {
        this.#forms.set(identity, { ...form, open: step.open });
        // What is about to be sent is shown before; a script has said it whole.
        if (asksToConfirm && !seen) return sink.form(identity, step.open, 'question');
        const { values, form: asked } = step.open;
        return await this.#send({ kind: 'form', action: asked.submit.action, values }, name, form.showing);
      }
      default:
        return assertNever(step, 'step of a form');
    }
  }

  /** Hands it to the core and shows what comes of it. */
  async #send(input: Input, name: string, showing: Showing): Promise<void> {
    const { personas, timeZone, nextEventKey } = this.#input;
    const sender = senderOf(name, personas, timeZone);
    const { identity } = sender;
    const { place, ref: thread } = showing;
    const receipt = await this.#received({ eventKey: nextEventKey(), sender, place, thread, input });
    const form = input.kind === 'form' ? this.#forms.get(identity) : undefined;
    switch (receipt.kind) {
      case 'duplicate':
        return;
      case 'not-stored':
        this.#reply(identity, place, { tone: 'danger', blocks: [paragraph(receipt.userMessage)] });
        // What was typed is kept: the form is asked again, and empty lines keep the answers.
        if (form !== undefined) this.#reopen(identity, form.showing, withErrors(form.open, {}));
        return;
      case 'stored':
        if (form !== undefined) this.#forms.delete(identity);
        return this.#showAnswer(await receipt.answer, identity, showing, form?.open);
      default:
        return assertNever(receipt, 'receipt');
    }
  }

  async #received(incoming: Incoming): Promise<Receipt> {
    try {
      return await this.#input.onCommand(incoming);
    } catch (error) {
      const notStored = 'This was not stored, so nothing was done. Please say it again.';
      return { kind: 'not-stored', userMessage: error instanceof MislaidError ? error.userMessage : notStored };
    }
  }

  #showAnswer(answer: Answer, identity: Identity, showing: Showing, submitted: OpenForm | undefined): void {
    if (answer.private !== undefined) this.#reply(identity, showing.place, answer.private);
    if (answer.form !== undefined) {
      const open = openForm(answer.form);
      this.#forms.set(identity, { open, showing });
      this.#input.sink.form(identity, open, 'open');
    }
    if (submitted !== undefined && Object.keys(answer.fieldErrors ?? {}).length > 0) {
      this.#reopen(identity, showing, withErrors(submitted, answer.fieldErrors ?? {}));
    }
  }

  #reopen(identity: Identity, showing: Showing, open: OpenForm): void {
    this.#forms.set(identity, { open, showing });
    this.#input.sink.form(identity, open, 'errors');
  }

  #reply(identity: Identity, place: Place | undefined, message: Message): void {
    const { buttons, sink } = this.#input;
    sink.show({
      kind: 'private',
      target: { to: identity },
      message,
      numbers: buttons.show({ identity, place }, message),
    });
  }
}

/** The console's own words, beside the bot's commands. */
export function consoleHelp(canImpersonate: boolean): string {
  const anyone = canImpersonate ? 'as <name> · <name> #place> … · ' : '';
  return `The console itself: ${anyone}in #place · private · <number> or press <button> presses · quit. Everything else goes to the bot: try help${canImpersonate ? ', or lost device alice' : ''}.`;
}
