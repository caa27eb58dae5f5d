/**
 * The console as a chat platform: opened when no other is configured, and how the whole bot is tried out and tested
 * without one. On a terminal it draws cards and edits lines; elsewhere it reads lines and writes text or JSON.
 */
import { createInterface } from 'node:readline';
import { type ChatAdapter, DeliveryError, type Incoming, type Receipt, type Sender } from '../../src/chat/port.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import type { Message } from '../../src/message/model.ts';
import { Buttons } from './buttons.ts';
import { changesSince } from './changes.ts';
import { Conversation, consoleHelp } from './events.ts';
import { nameOf, namePattern, type Persona, placeName, type Speaker, senderOf } from './identity.ts';
import { consoleLimits } from './limits.ts';
import { mintRef, readRef } from './refs.ts';
import { leaveResumed, takeResumed } from './resume.ts';
import { jsonSink, plainSink, type Shown, type Sink, type Target, terminalSink } from './send.ts';
import { openTerminal } from './terminal.ts';

export type { Persona } from './identity.ts';

/** Why the console is done: the input ended (work may go on until nothing is runnable), or somebody wants to stop now. */
export type ConsoleEnd = 'end-of-input' | 'quit' | 'interrupt' | 'output-closed';

export type ConsoleOptions = {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream & { columns?: number; rows?: number };
  /** Both streams are a terminal. */
  isTerminal: boolean;
  /** One JSON line for each thing shown; never on a terminal. */
  json: boolean;
  /** Off when NO_COLOR is set; never without a terminal. */
  colour: boolean;
  clock: Clock;
  ids: Ids;
  timeZone: string;
  personas: readonly Persona[];
  /** May speak as anyone: only on the lab (see design, Trust). Else as `who` alone. */
  canImpersonate: boolean;
  /** Who speaks first: a persona, or the operating system's user, as a name in lower case. */
  who: string;
  /** Where they speak first; absent: privately. */
  place?: Place;
  /** Whole lines that the typed beginning could become; the console adds its own words. */
  complete?(line: string): readonly string[] | Promise<readonly string[]>;
  /** Whether the bot would take this line as a command. */
  isCommand?(line: string): boolean;
  historyFile?: string;
  /** A terminal that is stopped from outside leaves here where it was, also when killed, and the next one goes on there. */
  resumeFile?: string;
  /** Resolves when nothing is runnable and no delivery is due: a script's next line waits for it. */
  settled?(): Promise<void>;
  /** What other parts say at the start, shown above the prompt. */
  announcements?: { listen(listener: (sentence: string) => void): void };
  onEnd(why: ConsoleEnd): void;
};

export class ConsoleAdapter implements ChatAdapter {
  readonly name = 'console';
  readonly identityPrefix = 'console';
  readonly limits = consoleLimits;
  readonly #options: ConsoleOptions;
  readonly #buttons: Buttons;
  readonly #process: string;
  readonly #cards = new Map<MessageRef, { message: Message; target: Target }>();
  #events = 0;
  #sink: Sink | undefined;
  #closeInput = (): void => {};
  /** Leaves where the console is, for the next one. */
  #keep = (): void => {};
  #stopped = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#buttons = new Buttons({ unique: options.isTerminal });
    this.#process = options.ids.token();
  }

  async start({ onCommand }: Pick<Parameters<ChatAdapter['start']>[0], 'onCommand'>): Promise<void> {
    const { output, isTerminal, json } = this.#options;
    output.on('error', () => this.#end('output-closed'));
    // A terminal that is gone fails reads before anything is written: unheard, that would end the process where it stands.
    this.#options.input.on('error', () => this.#end('output-closed'));
    if (isTerminal) return this.#startTerminal(onCommand);
    const open = json ? jsonSink : plainSink;
    this.#sink = open((text) => output.write(text), this.#options);
    this.#listen(this.#sink);
    const conversation = this.#converse(this.#sink, onCommand);
    // The core is ready when start() has resolved; the first line waits for that.
    setImmediate(() => {
      this.#readScript(conversation).catch(() => this.#end('quit'));
    });
  }

  async post(target: Place, message: Message, key: string): Promise<MessageRef> {
    return this.#show('post', placed(target), key, message);
  }

  async find(target: Place, key: string): Promise<MessageRef | undefined> {
    const ref = mintRef(placed(target), key);
    return this.#cards.has(ref) ? ref : undefined;
  }

  async edit(ref: MessageRef, message: Message): Promise<void> {
    const { target, key } = known(ref);
    this.#show('edit', target, key, message);
  }

  async reply(ref: MessageRef, message: Message, key: string): Promise<MessageRef> {
    return this.#show('reply', known(ref).target, key, message, this.#cards.get(ref)?.message.title);
  }

  async privately(identity: Identity, message: Message, key: string): Promise<MessageRef> {
    return this.#show('private', { to: identity }, key, message);
  }

  async identify(identity: Identity): Promise<Sender | undefined> {
    const { personas, timeZone } = this.#options;
    const name = nameOf(identity);
    const isOurs = identity.startsWith('console:') && namePattern.test(name);
    return isOurs && this.#isKnown(name) ? senderOf(name, personas, timeZone) : undefined;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#closeInput();
  }

  #end(why: ConsoleEnd): void {
    if (this.#stopped) return;
    // Who leaves of their own accord begins anew.
    if (this.#options.resumeFile !== undefined) takeResumed(this.#options.resumeFile);
    this.#keep = () => {};
    this.#options.onEnd(why);
  }

  #converse(sink: Sink, onCommand: OnCommand, speaker?: Speaker): Conversation {
    const { who, place, isTerminal } = this.#options;
    return new Conversation({
      ...this.#options,
      sink,
      buttons: this.#buttons,
      start: speaker ?? (place === undefined ? { name: who } : { name: who, place }),
      asksToConfirm: isTerminal,
      nextEventKey: () => `console:${this.#process}:${++this.#events}`,
      onCommand,
      onQuit: () => this.#end('quit'),
    });
  }

  async #readScript(conversation: Conversation): Promise<void> {
    if (this.#stopped) return;
    const lines = createInterface({ input: this.#options.input, crlfDelay: Number.POSITIVE_INFINITY });
    this.#closeInput = () => lines.close();
    for await (const line of lines) {
      if (this.#stopped) return;
      await conversation.hear(line);
      await this.#options.settled?.();
    }
    this.#end('end-of-input');
  }

  #startTerminal(onCommand: OnCommand): void {
    const { resumeFile, canImpersonate, who, colour } = this.#options;
    let handled = Promise.resolve();
    const mayBegin = (name: string) => name === who || (canImpersonate && this.#isKnown(name));
    const left = resumeFile === undefined ? undefined : takeResumed(resumeFile);
    const resumed = left !== undefined && mayBegin(left.speaker.name) ? left : undefined;
    const screen = openTerminal({
      ...this.#options,
      complete: async (line) => [...this.#ownWords(line), ...((await this.#options.complete?.(line)) ?? [])],
      keepsLine: () => !conversation.inForm(),
      onKey: () => this.#keep(),
      onInterrupt: () => {
        const left = conversation.leave();
        if (left) screen.prompt(conversation.prompt());
        return left;
      },
      onLine: (line) => {
        handled = handled.then(async () => {
          if (this.#stopped) return;
          await conversation.hear(line);
          if (this.#stopped) return;
          screen.prompt(conversation.prompt());
          this.#keep();
        });
      },
      onClose: (why) => this.#end(why === 'interrupt' ? 'interrupt' : 'quit'),
    });
    this.#closeInput = () => screen.close();
    this.#sink = terminalSink(screen, colour, this.#options);
    const conversation = this.#converse(this.#sink, onCommand, resumed?.speaker);
    if (resumed === undefined) this.#sink.note(consoleHelp(canImpersonate));
    this.#listen(this.#sink);
    screen.prompt(conversation.prompt());
    if (resumed !== undefined) screen.type(resumed.line);
    if (resumeFile === undefined) return;
    // With each key, so that it is there after a kill, too.
    this.#keep = () => {
      const line = conversation.inForm() ? '' : screen.typed();
      leaveResumed(resumeFile, { speaker: conversation.speaker(), line });
    };
    this.#keep();
  }

  #listen(sink: Sink): void {
    this.#options.announcements?.listen((sentence) => sink.note(sentence));
  }

  #isKnown(name: string): boolean {
    return name === this.#options.who || this.#options.personas.some((persona) => persona.name === name);
  }

  /** The console's own completions. */
  #ownWords(line: string): string[] {
    const { canImpersonate, personas } = this.#options;
    const targets = [...this.#cards.values()].map(({ target }) => target);
    const places = new Set(targets.flatMap((target) => ('place' in target ? [target.place] : [])));
    const words = [
      ...(canImpersonate ? personas.map((persona) => `as ${persona.name}`) : []),
      ...[...places].map((place) => `in ${placeName(place)}`),
      'private',
      'quit',
    ];
    return line === '' ? [] : words.filter((word) => word.startsWith(line));
  }

  #show(kind: Shown['kind'], target: Target, key: string, message: Message, under?: string): MessageRef {
    const ref = mintRef(target, key);
    if (this.#sink === undefined || this.#stopped) {
      throw new DeliveryError({ kind: 'not-sent' }, 'the console is closed');
    }
    const before = this.#cards.get(ref)?.message;
    if (before !== undefined && changesSince(before, message) === undefined) return ref;
    this.#cards.set(ref, { message, target });
    const showing = 'place' in target ? { place: target.place, ref } : { identity: target.to, ref };
    const numbers = this.#buttons.show(showing, message);
    // The same key again is the same message: it is never posted twice.
    this.#sink.show({ kind: before === undefined ? kind : 'edit', target, message, numbers, ref, key, before, under });
    return ref;
  }
}

type OnCommand = (incoming: Incoming) => Promise<Receipt>;

function known(ref: MessageRef): { target: Target; key: string } {
  const read = readRef(ref);
  if (read !== undefined) return read;
  throw new DeliveryError({ kind: 'dead', remedy: 'This message was not posted on the console.' }, 'no console ref');
}

function placed(target: Place): Target {
  if (target.startsWith('console:#')) return { place: target };
  const remedy = 'Name a place of the console, console:#name, in policy.yaml.';
  throw new DeliveryError({ kind: 'dead', remedy }, 'no place of the console');
}
