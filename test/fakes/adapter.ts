/** A chat platform in memory, with the faults of real ones. Reads one `name:` for places and identities alike. */
import {
  type ChatAdapter,
  DeliveryError,
  type DeliveryProblem,
  type Incoming,
  type Receipt,
} from '../../src/chat/port.ts';
import type { MessageRef } from '../../src/ground/addresses.ts';
import type { Message } from '../../src/message/model.ts';
import { renderPlainText } from '../../src/message/plain.ts';

export type FakeCall = 'post' | 'edit' | 'reply' | 'privately' | 'find' | 'home';

export type Fault = {
  on: FakeCall;
  /** `crash`: anything but a DeliveryError. */
  problem: DeliveryProblem | 'crash';
  /** The platform took the message although its answer was lost. */
  arrives?: boolean;
};

export type Posted = {
  ref: MessageRef;
  kind: 'post' | 'reply' | 'private';
  target: string;
  key: string;
  /** The message under which a reply stands. */
  under?: MessageRef;
  /** As shown now, and every version before. */
  message: Message;
  versions: Message[];
  address?: string;
};

export type FakeAdapter = ChatAdapter & {
  /** What an earlier bot posted may be put here before this one starts. */
  readonly posted: Posted[];
  readonly homes: Map<string, Message>;
  /** Every call in order, failed ones too. */
  readonly calls: FakeCall[];
  /** Each fault strikes the next call of its kind once. */
  fail(...faults: Fault[]): void;
  /** Runs before the next call of this kind is answered: something else happens meanwhile. */
  during(call: FakeCall, what: () => Promise<void>): void;
  /** After `start`: somebody says something. */
  say(incoming: Incoming): Promise<Receipt>;
};

export function fakeAdapter(
  options: { name?: string; identityPrefix?: string; postsPerSecond?: number } = {},
): FakeAdapter {
  const { name = 'console', identityPrefix = name, postsPerSecond = 1_000 } = options;
  const posted: Posted[] = [];
  const homes = new Map<string, Message>();
  const calls: FakeCall[] = [];
  const faults: Fault[] = [];
  const meanwhile: { call: FakeCall; what: () => Promise<void> }[] = [];
  let listener: ((incoming: Incoming) => Promise<Receipt>) | undefined;

  let minted = 0;
  const refOf = (number: number): MessageRef => `${name}-ref-${number}`;

  async function call<T>(kind: FakeCall, effect: () => T): Promise<T> {
    calls.push(kind);
    const waiting = meanwhile.findIndex((each) => each.call === kind);
    if (waiting !== -1) await meanwhile.splice(waiting, 1)[0]?.what();
    const index = faults.findIndex((fault) => fault.on === kind);
    const fault = index === -1 ? undefined : faults.splice(index, 1)[0];
    if (fault === undefined) return effect();
    if (fault.arrives === true) effect();
    if (fault.problem === 'crash') throw new TypeError('the fake crashed');
    throw new DeliveryError(fault.problem, `the fake answered ${fault.problem.kind}`);
  }

  function add(entry: Omit<Posted, 'ref' | 'versions'>): MessageRef {
    do minted += 1;
    while (posted.some((each) => each.ref === refOf(minted)));
    const ref = refOf(minted);
    posted.push({ ...entry, ref, versions: [entry.message] });
    return ref;
  }

  return {
    name,
    identityPrefix,
    limits: { postsPerSecondPerPlace: postsPerSecond },
    posted,
    homes,
    calls,
    fail: (...more) => {
      faults.push(...more);
    },
    during: (kind, what) => {
      meanwhile.push({ call: kind, what });
    },
    say: async (incoming) => {
      if (listener === undefined) throw new Error('the fake was not started');
      return await listener(incoming);
    },
    start: async ({ onCommand }) => {
      listener = onCommand;
    },
    post: (target, message, key) => call('post', () => add({ kind: 'post', target, key, message })),
    find: (target, key) => call('find', () => posted.find((each) => each.target === target && each.key === key)?.ref),
    readBack: async (place) =>
      posted
        .filter(({ kind, target }) => kind === 'post' && target === place)
        .map(({ message }) => renderPlainText(message, { now: new Date(0), timeZone: 'UTC' }))
        .toReversed(),
    edit: (ref, message) =>
      call('edit', () => {
        const found = posted.find((each) => each.ref === ref);
        if (found === undefined) throw new Error(`the fake has no message ${ref}`);
        found.message = message;
        found.versions.push(message);
      }),
    reply: (under, message, key) =>
      call('reply', () => {
        const target = posted.find((each) => each.ref === under)?.target ?? '';
        return add({ kind: 'reply', target, key, under, message });
      }),
    privately: (identity, message, key, address) =>
      call('privately', () =>
        add({ kind: 'private', target: identity, key, message, ...(address === undefined ? {} : { address }) }),
      ),
    home: (identity, message) =>
      call('home', () => {
        homes.set(identity, message);
      }),
    identify: async () => undefined,
    stop: async () => {},
  };
}
