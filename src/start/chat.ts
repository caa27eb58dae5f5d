/**
 * What people say and are told in this process: the router and the desk before it, the deliverer, and the platforms
 * themselves.
 */
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { createDeliverer, type Deliverer } from '../chat/delivery/deliver.ts';
import { createInbox, type Inbox } from '../chat/inbox.ts';
import type { CardView, ChatAdapter } from '../chat/port.ts';
import { createRouter } from '../chat/router.ts';
import { createCardView } from '../chat/view.ts';
import { commands, labCommands } from '../commands/index.ts';
import type { Config } from '../config.ts';
import type { Clock, Ids } from '../ground/clock.ts';
import type { Closing } from '../ground/closing.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Metrics } from '../http/metrics.ts';
import { createChatApp, listen } from '../http/server.ts';
import { drillMark, drillMarkOfMessage } from '../incidents/drill/drill.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import type { PolicySource } from './policy-watch.ts';
import { approvals, evidenceProviders, projections } from './registries.ts';

export type ChatParts = {
  adapters: readonly ChatAdapter[];
  config: Config;
  store: Store;
  /** A connection of its own for what comes in, so that work under way never keeps it waiting. */
  inbox: Kysely<Database>;
  policy: PolicySource;
  organisation: Organisation;
  /** Stands in every message while no real phone is meant; undefined: Exchange is real. */
  mark: string | undefined;
  clock: Clock;
  ids: Ids;
  log: Logger;
  metrics: Metrics;
  closing: Closing;
  /** Hears what a command or its storing failed of, for what watches the store. */
  onFailed: (error: unknown) => void;
};

export type Chat = {
  deliverer: Deliverer;
  /** Handles what an earlier process stored and did not get to: before anybody can speak. */
  recover(): Promise<void>;
  /** Lets people speak: opens the platforms, and the webhooks where one needs them. */
  open(): Promise<void>;
};

export function createChat(parts: ChatParts): Chat {
  const { adapters, config, store, policy, organisation, mark, clock, ids, log, metrics, closing, onFailed } = parts;
  const byPrefix = new Map(
    adapters.flatMap((adapter) => [[adapter.name, adapter] as const, [adapter.identityPrefix, adapter] as const]),
  );
  const sayable = organisation === 'lab' ? [...commands, ...labCommands] : commands;
  const deliverer = createDeliverer({
    store,
    adapters: byPrefix,
    projections,
    get policy() {
      return policy.current;
    },
    clock,
    ids,
    log,
    mark,
    markOf: drillMark,
    markOfMessage: drillMarkOfMessage,
    metrics: { delivered: (kind, outcome) => metrics.delivered('chat', kind, outcome) },
  });
  const view = createCardView({
    store,
    commands: sayable,
    projections,
    get policy() {
      return policy.current;
    },
    organisation,
    clock,
    ids,
    mark,
  });
  const router = createRouter({
    store,
    approvals,
    evidence: evidenceProviders,
    commands: sayable,
    get policy() {
      return policy.current;
    },
    organisation,
    clock,
    ids,
    log,
    mark,
    readOnlyPlatforms: mark === undefined ? ['console'] : [],
    identify: async (identity) => await byPrefix.get(identity.slice(0, identity.indexOf(':')))?.identify(identity),
    metrics,
    onFailed,
    markOf: drillMarkOfMessage,
  });
  const desk = createInbox({ store, db: parts.inbox, clock, router, log, onFailed });
  closing.add('commands under way', () => desk.idle());

  return {
    deliverer,
    recover: async () => {
      if (adapters.length === 0) return;
      await desk.recover();
      await deliverer.revive();
    },
    open: () => openPlatforms({ adapters, desk, view, config, log, closing }),
  };
}

type Platforms = Pick<ChatParts, 'adapters' | 'config' | 'log' | 'closing'> & { desk: Inbox; view: CardView };

async function openPlatforms({ adapters, desk, view, config, log, closing }: Platforms): Promise<void> {
  const app = createChatApp();
  for (const adapter of adapters) {
    closing.add(`chat platform ${adapter.name}`, () => adapter.stop());
    await adapter.start({ app, onCommand: (incoming) => desk.onCommand(incoming), view });
  }
  if (adapters.length > 0) lookAfterOthers(desk, closing);
  if (!adapters.some((adapter) => adapter.name !== 'console')) return;
  const server = await listen(app, config.HOST, config.PORT);
  closing.add('chat webhooks', () => server.stop());
  log.info({ port: server.port }, 'chat webhooks are open');
}

/** How often commands are looked for that a process left which died; each waits for two looks. */
const othersEveryMs = 10_000;

function lookAfterOthers(desk: Inbox, closing: Closing): void {
  const timer = setInterval(() => void desk.recoverOthers(), othersEveryMs);
  closing.add('commands of others', async () => clearInterval(timer));
}
