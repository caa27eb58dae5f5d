/** People, conversations and messages as Teams keeps them, with its limits and faults. */
import { z } from 'zod';

export const tenant = '11111111-1111-4111-8111-111111111111';
export const appId = '99999999-9999-4999-8999-999999999999';

export type FakePerson = {
  name: string;
  objectId: string;
  /** Teams' own id of him. */
  mri: string;
  email?: string;
  userRole: 'user' | 'guest' | 'anonymous';
  tenantId: string;
  /** Whether the app can write to him privately. */
  installed: boolean;
  groups: string[];
};

export type FakeMessage = {
  id: string;
  /** The conversation without its thread. */
  conversation: string;
  /** The message in whose thread it stands. */
  under?: string;
  activity: Posted;
  versions: Posted[];
  deleted: boolean;
};

export const Posted = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  summary: z.string().optional(),
  attachments: z.array(z.looseObject({ contentType: z.string(), content: z.unknown() })).optional(),
});
export type Posted = z.infer<typeof Posted>;

export type FakeConversation = {
  id: string;
  kind: 'personal' | 'channel' | 'groupChat';
  members: string[];
  gone: boolean;
};

/** What goes wrong with the next call of its kind. */
export type Fault = {
  on: 'post' | 'update' | 'create' | 'member' | 'members' | 'graph';
  status?: number;
  code?: string;
  retryAfter?: number;
  /** The connection is cut instead of answered. */
  cut?: boolean;
  /** The call has its effect although the answer is a failure. */
  arrives?: boolean;
};

export type World = {
  readonly people: Map<string, FakePerson>;
  readonly conversations: Map<string, FakeConversation>;
  readonly messages: FakeMessage[];
  readonly faults: Fault[];
  /** Calls of the bot in order: `post 19:…`. */
  readonly calls: string[];
  person(name: string, rest?: Partial<FakePerson>): FakePerson;
  channel(id: string, ...members: FakePerson[]): FakeConversation;
  personal(person: FakePerson): FakeConversation;
  who(id: string): FakePerson | undefined;
  takeFault(on: Fault['on']): Fault | undefined;
  add(conversation: string, activity: Posted): FakeMessage;
  /** Whether Teams takes one more message in this conversation now (7 a second, 8 in two, 60 in 30). */
  hasRoom(conversation: string, now: number): boolean;
};

export function createWorld(): World {
  const people = new Map<string, FakePerson>();
  const conversations = new Map<string, FakeConversation>();
  const messages: FakeMessage[] = [];
  const faults: Fault[] = [];
  const sent = new Map<string, number[]>();
  let lastId = 1_700_000_000_000;

  return {
    people,
    conversations,
    messages,
    faults,
    calls: [],
    person: (name, rest = {}) => {
      const number = String(people.size + 1).padStart(12, '0');
      const person: FakePerson = {
        name,
        objectId: `22222222-2222-4222-8222-${number}`,
        mri: `29:${Buffer.from(`${name}-${'x'.repeat(50)}`).toString('base64url')}`,
        email: `${name.toLowerCase().replaceAll(' ', '.')}@contoso.example`,
        userRole: 'user',
        tenantId: tenant,
        installed: true,
        groups: [],
        ...rest,
      };
      people.set(person.objectId, person);
      return person;
    },
    channel: (id, ...members) => {
      const kind = id.endsWith('@thread.v2') ? 'groupChat' : 'channel';
      const made: FakeConversation = { id, kind, members: members.map(({ objectId }) => objectId), gone: false };
      conversations.set(id, made);
      return made;
    },
    personal: (person) => {
      const id = `a:${person.objectId}`;
      const known = conversations.get(id);
      if (known !== undefined) return known;
      const made: FakeConversation = { id, kind: 'personal', members: [person.objectId], gone: false };
      conversations.set(id, made);
      return made;
    },
    who: (id) => people.get(id) ?? [...people.values()].find(({ mri }) => mri === id),
    takeFault: (on) => {
      const index = faults.findIndex((fault) => fault.on === on);
      return index === -1 ? undefined : faults.splice(index, 1)[0];
    },
    add: (conversation, activity) => {
      lastId += 1;
      const [root = conversation, under] = conversation.split(';messageid=');
      const message: FakeMessage = {
        id: String(lastId),
        conversation: root,
        ...(under === undefined ? {} : { under }),
        activity,
        versions: [activity],
        deleted: false,
      };
      messages.push(message);
      return message;
    },
    hasRoom: (conversation, now) => {
      const times = [...(sent.get(conversation) ?? []), now];
      sent.set(conversation, times);
      const within = (seconds: number) => times.filter((time) => now - time < seconds * 1000).length;
      return within(1) <= 7 && within(2) <= 8 && within(30) <= 60;
    },
  };
}
