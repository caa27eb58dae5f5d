/**
 * The console as a chat platform: opened when no other is configured, and how the whole bot is tried out and tested
 * without one. On a terminal it draws cards and edits lines; elsewhere it reads lines and writes text or JSON.
 */
import { createInterface } from 'node:readline';
import { type ChatAdapter, DeliveryError, type Incoming, type Receipt } from '../../src/chat/port.ts';
import type { Identity, MessageRef, Place } from '../../src/ground/addresses.ts';
import type { Clock, Ids } from '../../src/ground/clock.ts';
import type { Message } from '../../src/message/model.ts';
import { createButtons } from './buttons.ts';
import { changesSince } from './changes.ts';
import { type Conversation, consoleHelp, createConversation } from './events.ts';
import { identityOf, nameOf, namePattern, type Persona, type Speaker, senderOf } from './identity.ts';
import { consoleLimits } from './limits.ts';
import { mintRef, readRef } from './refs.ts';
import { leaveResumed, takeResumed } from './resume.ts';
import { jsonSink, plainSink, type Shown, type Sink, type Target, terminalSink } from './send.ts';
import { openTerminal, type Screen } from './terminal.ts';

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
  /** Where he speaks first; absent: privately. */
  place?: Place;
  /** Whole lines that the typed beginning could become; the console adds its own words. */
  complete?(line: string): readonly string[] | Promise<readonly string[]>;
  historyFile?: string;
  /** A terminal that is stopped from outside leaves here where it was, also when killed, and the next one goes on there. */
  resumeFile?: string;
  /** Resolves when nothing is runnable and no delivery is due: a script's next line waits for it. */
  settled?(): Promise<void>;
  onEnd(why: ConsoleEnd): void;
};

export function createConsoleAdapter(options: ConsoleOptions): ChatAdapter {
  const { input, output, clock, timeZone, personas } = options;
  const buttons = createButtons({ unique: options.isTerminal });
  const process = options.ids.token();
  const cards = new Map<MessageRef, { message: Message; target: Target; key: string }>();
  let events = 0;
  let sink: Sink | undefined;
  let screen: Screen | undefined;
  let closeInput: (() => void) | undefined;
  let keep = (): void => {};
  let stopped = false;

  function end(why: ConsoleEnd): void {
    if (stopped) return;
    // Who leaves of their own accord begins anew.
    if (options.resumeFile !== undefined) takeResumed(options.resumeFile);
    keep = () => {};
    options.onEnd(why);
  }

  function write(text: string): void {
    output.write(text);
  }

  async function start({ onCommand }: { onCommand(incoming: Incoming): Promise<Receipt> }): Promise<void> {
    output.on('error', () => end('output-closed'));
    const speaker = options.place === undefined ? { name: options.who } : { name: options.who, place: options.place };
    const open = (to: Sink, asksToConfirm: boolean, start: Speaker = speaker) =>
      createConversation({
        sink: to,
        buttons,
        personas,
        canImpersonate: options.canImpersonate,
        start,
        timeZone,
        asksToConfirm,
        nextEventKey: () => `console:${process}:${++events}`,
        onCommand,
        onQuit: () => end('quit'),
      });
    if (options.isTerminal) {
      startTerminal((to, start) => open(to, true, start));
      return;
    }
    sink = options.json ? jsonSink(write, { clock, timeZone }) : plainSink(write, { clock, timeZone });
    const conversation = open(sink, false);
    // The core is ready when start() has resolved; the first line waits for that.
    setImmediate(() => {
      readScript(conversation).catch(() => end('quit'));
    });
  }

  async function readScript(conversation: Conversation): Promise<void> {
    if (stopped) return;
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    closeInput = () => lines.close();
    for await (const line of lines) {
      if (stopped) return;
      await conversation.hear(line);
      await options.settled?.();
    }
    end('end-of-input');
  }

  function startTerminal(open: (sink: Sink, start: Speaker | undefined) => Conversation): void {
    let handled = Promise.resolve();
    const { resumeFile } = options;
    const left = resumeFile === undefined ? undefined : takeResumed(resumeFile);
    const resumed = left !== undefined && maySpeakFirst(left.speaker) ? left : undefined;
    const opened = openTerminal({
      input,
      output,
      ...(options.historyFile === undefined ? {} : { historyFile: options.historyFile }),
      complete: async (line) => [...own(line), ...((await options.complete?.(line)) ?? [])],
      keepsLine: () => !conversation.inForm(),
      onKey: () => keep(),
      onLine: (line) => {
        handled = handled.then(async () => {
          if (stopped) return;
          await conversation.hear(line);
          if (stopped) return;
          opened.prompt(conversation.prompt());
          keep();
        });
      },
      onClose: (why) => end(why === 'interrupt' ? 'interrupt' : 'quit'),
    });
    screen = opened;
    sink = terminalSink(opened, options.colour, { clock, timeZone });
    const conversation = open(sink, resumed?.speaker);
    if (resumed === undefined) sink.note(consoleHelp(options.canImpersonate));
    opened.prompt(conversation.prompt());
    if (resumed !== undefined) opened.type(resumed.line);
    if (resumeFile === undefined) return;
    // With each key, so that it is there after a kill, too.
    keep = () => {
      const line = conversation.inForm() ? '' : opened.typed();
      leaveResumed(resumeFile, { speaker: conversation.speaker(), line });
    };
    keep();
  }

  function maySpeakFirst({ name }: Speaker): boolean {
    return name === options.who || (options.canImpersonate && personas.some((persona) => persona.name === name));
  }

  /** The console's own completions. */
  function own(line: string): string[] {
    const words = [
      ...(options.canImpersonate ? personas.map((persona) => `as ${persona.name}`) : []),
      ...[...new Set([...cards.values()].flatMap(({ target }) => ('place' in target ? [target.place] : [])))].map(
        (place) => `in ${place.replace(/^console:/, '')}`,
      ),
      'private',
      'quit',
    ];
    return line === '' ? [] : words.filter((word) => word.startsWith(line));
  }

  function shown(kind: Shown['kind'], target: Target, key: string, message: Message, under?: string): MessageRef {
    const ref = mintRef(target, key);
    if (sink === undefined || stopped) {
      throw new DeliveryError({ kind: 'not-sent' }, 'the console is closed');
    }
    const before = cards.get(ref);
    if (before !== undefined && changesSince(before.message, message) === undefined) return ref;
    cards.set(ref, { message, target, key });
    const showing = 'place' in target ? { place: target.place, ref } : { identity: target.to, ref };
    const numbers = buttons.show(showing, message);
    sink.show({
      // The same key again is the same message: it is never posted twice.
      kind: before === undefined ? kind : 'edit',
      target,
      message,
      numbers,
      ref,
      key,
      ...(before === undefined ? {} : { before: before.message }),
      ...(under === undefined ? {} : { under }),
    });
    return ref;
  }

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

  return {
    name: 'console',
    identityPrefix: 'console',
    limits: consoleLimits,
    start,
    post: async (target, message, key) => shown('post', placed(target), key, message),
    find: async (target, key) => {
      const ref = mintRef(placed(target), key);
      return cards.has(ref) ? ref : undefined;
    },
    edit: async (ref, message) => {
      const { target, key } = known(ref);
      shown('edit', target, key, message);
    },
    reply: async (ref, message, key) => {
      const { target } = known(ref);
      return shown('reply', target, key, message, cards.get(ref)?.message.title);
    },
    privately: async (identity, message, key) => shown('private', { to: identity }, key, message),
    identify: async (identity: Identity) => {
      const name = nameOf(identity);
      const mayBe = personas.some((persona) => persona.name === name) || name === options.who;
      return mayBe && identity === identityOf(name) && namePattern.test(name)
        ? senderOf(name, personas, timeZone)
        : undefined;
    },
    stop: async () => {
      if (stopped) return;
      stopped = true;
      closeInput?.();
      screen?.close();
    },
  };
}
