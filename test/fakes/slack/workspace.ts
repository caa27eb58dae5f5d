/** What is in the workspace: people, channels, messages, open views, and what is alive only for a while. */
import { scopes } from '../../../adapters/slack/doctor.ts';
import { field, list, text, viewProblems } from './block-limits.ts';

export type FakeUser = {
  id: string;
  team?: string;
  name: string;
  email?: string;
  deleted?: boolean;
  is_bot?: boolean;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
};

export type FakeMessage = {
  channel: string;
  ts: string;
  threadTs?: string | undefined;
  /** Ephemeral, for this person. */
  onlyFor?: string | undefined;
  text: string;
  blocks?: unknown;
  metadata?: unknown;
  edits: number;
};

/**
 * `error`: Slack's refusal of this code. `reset-after`: the call takes effect and its answer is lost. `hang`: no answer.
 * `500`: before it takes effect. `429`: with Retry-After. `slow`: answered after so many milliseconds.
 */
export type Fault =
  | { kind: 'error'; error: string }
  | { kind: 'reset-after' }
  | { kind: 'hang' }
  | { kind: '500' }
  | { kind: '429'; seconds: number }
  | { kind: 'slow'; ms: number };

export type OpenView = {
  id: string;
  hash: string;
  view: Record<string, unknown>;
  state: Record<string, Record<string, Record<string, unknown>>>;
  errors: Record<string, string>;
};

export type Found = { element: unknown; option?: unknown; message?: FakeMessage; view?: unknown };

export type Workspace = ReturnType<typeof createWorkspace>;

/** Slack's own is 3 s; here a process may stand still for longer than that, and tests about dead triggers set it. */
const triggerMs = 60_000;
/** Slack gives up after 3 s; tests about that set it. */
const ackMs = 60_000;
const responses = 5;

export function createWorkspace(input: { team: string; users?: readonly FakeUser[]; channels?: readonly string[] }) {
  const users = new Map((input.users ?? []).map((user) => [user.id, user]));
  const channels = new Map((input.channels ?? []).map((id) => [id, { archived: false, member: true }]));
  const messages: FakeMessage[] = [];
  const homes = new Map<string, unknown>();
  const groups = new Map<string, readonly string[]>();
  const views = new Map<string, OpenView>();
  const triggers = new Map<string, { user: string; at: number }>();
  const urls = new Map<string, { user: string; channel: string; left: number }>();
  const faults: { method: string; fault: Fault; left: number }[] = [];
  const files = new Map<string, number>();
  const lastPosts = new Map<string, number[]>();
  const bot = { user: 'U0BOT', id: 'B0BOT' };
  let count = 0;

  const next = (): number => ++count;
  const seconds = 1_772_000_000;

  function directWith(user: string): string {
    return `D${user}`;
  }

  const workspace = {
    team: input.team,
    bot,
    users,
    channels,
    messages,
    homes,
    groups,
    files,
    /** Scopes of the bot's token: those of the manifest. */
    scopes: [...scopes],
    /** Set to a number of posts a second and channel to have them limited. */
    postsPerSecond: Number.POSITIVE_INFINITY,
    triggerMs,
    /** How long the bot may take for an acknowledgement. */
    ackMs,
    /** Calls that were left without an answer and that the bot has not given up yet. */
    hanging: 0,
    /** Open views are refused their update, as after they were closed. */
    viewsExpired: false,
    next,
    directWith,
    ts: (): string => `${seconds + next()}.000${100 + (count % 900)}`,
    teamOf: (user: string): string => users.get(user)?.team ?? input.team,
    trigger: (user: string): string => {
      const id = `${next()}.trigger`;
      triggers.set(id, { user, at: performance.now() });
      return id;
    },
    /** Whose it is, or why it opens no view now; a trigger opens one view only. */
    useTrigger: (id: string): { user: string } | { error: string } => {
      const found = triggers.get(id);
      if (found === undefined) return { error: 'invalid_trigger_id' };
      triggers.delete(id);
      return performance.now() - found.at > workspace.triggerMs
        ? { error: 'expired_trigger_id' }
        : { user: found.user };
    },
    responseUrl: (user: string, channel: string): string => {
      const id = String(next());
      urls.set(id, { user, channel, left: responses });
      return id;
    },
    respond: (id: string, body: unknown): number => {
      const url = urls.get(id);
      if (url === undefined || url.left === 0) return 404;
      url.left -= 1;
      messages.push({ ...newMessage(url.channel, body), onlyFor: url.user });
      return 200;
    },
    commandAnswered: (user: string, channel: string, body: string): void => {
      if (body === '' || body === '{}' || body === '""') return;
      messages.push({ ...newMessage(channel, JSON.parse(body)), onlyFor: user });
    },
    newMessage,
    fail: (method: string, fault: Fault, times: number): void => {
      faults.push({ method, fault, left: times });
    },
    restore: (method: string): void => {
      for (const one of faults) if (one.method === method) one.left = 0;
    },
    faultOf: (method: string): Fault | undefined => {
      const found = faults.find((one) => one.left > 0 && one.method === method);
      if (found === undefined) return undefined;
      found.left -= 1;
      return found.fault;
    },
    uploaded: (id: string, size: number): void => {
      files.set(id, size);
    },
    /** Seconds to wait, if this post comes too fast. */
    tooFast: (channel: string): number | undefined => {
      const now = Date.now();
      const recent = (lastPosts.get(channel) ?? []).filter((at) => now - at < 1_000);
      if (recent.length >= workspace.postsPerSecond) return 1;
      lastPosts.set(channel, [...recent, now]);
      return undefined;
    },
    openView: (user: string): OpenView | undefined => views.get(user),
    viewById: (id: string): { user: string; open: OpenView } | undefined => {
      for (const [user, open] of views) if (open.id === id) return { user, open };
      return undefined;
    },
    showView: (user: string, view: Record<string, unknown>, id = `V${next()}`): OpenView => {
      const open: OpenView = { id, hash: `h${next()}`, view, state: initialState(view), errors: {} };
      views.set(user, open);
      return open;
    },
    fill: (open: OpenView, values: Readonly<Record<string, string | boolean>>): void => {
      for (const [blockId, value] of Object.entries(values)) {
        const block = list(open.view, 'blocks').find((one) => text(one, 'block_id') === blockId);
        const element = field(block, 'element');
        if (block === undefined) throw new Error(`the form has no field ${blockId}`);
        open.state[blockId] = { [text(element, 'action_id')]: answered(element, value) };
      }
    },
    submitted: (user: string, open: OpenView, delivered: { status: number; body: string }): void => {
      // Slack says "we had some trouble connecting" and keeps the form.
      if (delivered.status !== 200) return;
      const answer: unknown = delivered.body === '' || delivered.body === '""' ? {} : JSON.parse(delivered.body);
      switch (text(answer, 'response_action')) {
        case 'errors': {
          const errors = field(answer, 'errors');
          open.errors = Object.fromEntries(
            Object.entries(typeof errors === 'object' && errors !== null ? errors : {}).map(([id, words]) => [
              id,
              String(words),
            ]),
          );
          const known = list(open.view, 'blocks').map((block) => text(block, 'block_id'));
          for (const id of Object.keys(open.errors))
            if (!known.includes(id)) throw new Error(`no field ${id} for an error`);
          return;
        }
        case 'update': {
          const view = field(answer, 'view');
          const problems = viewProblems(view);
          if (problems.length > 0) throw new Error(problems.join('; '));
          if (typeof view === 'object' && view !== null) workspace.showView(user, { ...view }, open.id);
          return;
        }
        default:
          if (views.get(user) === open) views.delete(user);
      }
    },
    closeView: (user: string): void => {
      views.delete(user);
    },
    /** The newest element this person sees that is meant. */
    findElement: (user: string, find: (element: unknown) => boolean): Found | undefined => {
      const seen = messages.filter(
        (one) =>
          one.onlyFor === user ||
          (one.onlyFor === undefined && (!one.channel.startsWith('D') || one.channel === directWith(user))),
      );
      for (const message of seen.toReversed()) {
        const found = elementIn(message.blocks, find);
        if (found !== undefined) return { ...found, message };
      }
      const view = homes.get(user);
      const found = elementIn(field(view, 'blocks'), find);
      return found === undefined ? undefined : { ...found, view };
    },
  };

  function newMessage(channel: string, body: unknown): FakeMessage {
    return {
      channel,
      ts: workspace.ts(),
      threadTs: text(body, 'thread_ts') === '' ? undefined : text(body, 'thread_ts'),
      text: text(body, 'text'),
      ...(field(body, 'blocks') === undefined ? {} : { blocks: field(body, 'blocks') }),
      metadata: field(body, 'metadata'),
      edits: 0,
    };
  }

  return workspace;
}

function elementIn(
  blocks: unknown,
  find: (element: unknown) => boolean,
): { element: unknown; option?: unknown } | undefined {
  if (!Array.isArray(blocks)) return undefined;
  for (const element of blocks
    .filter((block) => text(block, 'type') === 'actions')
    .flatMap((block) => list(block, 'elements'))) {
    if (text(element, 'type') === 'button' && find(element)) return { element };
    const option = list(element, 'options').find(find);
    if (option !== undefined) return { element, option };
  }
  return undefined;
}

/** As Slack sends a view back: every input with what stands in it. */
function initialState(view: unknown): OpenView['state'] {
  const state: OpenView['state'] = {};
  for (const block of list(view, 'blocks')) {
    if (text(block, 'type') !== 'input') continue;
    const element = field(block, 'element');
    const type = text(element, 'type');
    state[text(block, 'block_id')] = {
      [text(element, 'action_id')]:
        type === 'plain_text_input'
          ? { type, value: field(element, 'initial_value') ?? null }
          : type === 'checkboxes'
            ? { type, selected_options: list(element, 'initial_options') }
            : { type, selected_option: field(element, 'initial_option') ?? null },
    };
  }
  return state;
}

function answered(element: unknown, value: string | boolean): Record<string, unknown> {
  const type = text(element, 'type');
  if (type === 'plain_text_input') return { type, value: value === '' ? null : value };
  if (type === 'checkboxes') return { type, selected_options: value === true ? [...list(element, 'options')] : [] };
  const options = [
    ...list(element, 'options'),
    ...list(element, 'option_groups').flatMap((group) => list(group, 'options')),
  ];
  const option = options.find((one) => text(one, 'value') === value);
  if (option === undefined) throw new Error(`no option ${String(value)}`);
  return { type, selected_option: option };
}

/** What stands in the fields of a form now. */
export function standing(open: OpenView): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(open.state).map(([id, elements]) => {
      const [element] = Object.values(elements);
      const option = field(element, 'selected_option');
      const ticks = field(element, 'selected_options');
      if (Array.isArray(ticks)) return [id, ticks.length > 0];
      return [id, option == null ? (field(element, 'value') ?? '') : text(option, 'value')];
    }),
  );
}
