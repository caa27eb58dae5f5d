/**
 * What people say and are told in this process: the router and the desk before it, the deliverer, and the platforms
 * themselves.
 */
import type { Kysely } from 'kysely';
import { createDeliverer, type Deliverer } from '../chat/delivery/deliver.ts';
import { Inbox } from '../chat/inbox.ts';
import type { CardView, ChatAdapter, Undelivered } from '../chat/port.ts';
import { Router } from '../chat/router.ts';
import { FairShares, fairShares, type ShareLimits } from '../chat/shares.ts';
import { sideBySide } from '../chat/side-by-side.ts';
import { createUndelivered } from '../chat/undelivered.ts';
import { createCardView } from '../chat/view.ts';
import { commands, labCommands } from '../commands/index.ts';
import type { Place } from '../ground/addresses.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Metrics } from '../http/metrics.ts';
import { createChatApp, listen } from '../http/server.ts';
import { drillMark, drillMarkOfMessage } from '../incidents/drill/drill.ts';
import type { Store } from '../store/port.ts';
import type { Database } from '../store/schema.ts';
import type { ProcessParts } from './parts.ts';
import type { PolicySource } from './policy-watch.ts';
import { approvals, evidenceProviders, projections } from './registries.ts';

export type ChatParts = Omit<ProcessParts, 'environment'> & {
  adapters: readonly ChatAdapter[];
  store: Store;
  /** A connection of its own for what comes in, so that work under way never keeps it waiting. */
  inbox: Kysely<Database>;
  policy: PolicySource;
  organisation: Organisation;
  /** Stands in every message while no real phone is meant; undefined: Exchange is real. */
  mark: string | undefined;
  metrics: Metrics;
  /** Default: `fairShares`. */
  shares?: ShareLimits | undefined;
  /** Hears what a command or its storing failed of, for what watches the store. */
  onFailed: (error: unknown) => void;
};

export type Chat = {
  deliverer: Deliverer;
  /** What bots posted in the place; undefined where it cannot be read from here. Never rejects. */
  readBack(place: Place): Promise<readonly string[] | undefined>;
  /** Handles what an earlier process stored and did not get to: before anybody can speak. */
  recover(): Promise<void>;
  /** Lets people speak: opens the platforms, and the webhooks where one needs them. */
  open(): Promise<void>;
};

export function createChat(parts: ChatParts): Chat {
  const { adapters, policy, organisation, mark, metrics, closing } = parts;
  const byPrefix = new Map<string, ChatAdapter>();
  for (const adapter of adapters) {
    for (const prefix of new Set([adapter.name, adapter.identityPrefix])) {
      const other = byPrefix.get(prefix);
      byPrefix.set(prefix, other === undefined ? adapter : sideBySide([other, adapter]));
    }
  }
  const sayable = organisation === 'lab' ? [...commands, ...labCommands] : commands;
  const deliverer = createDeliverer({
    ...parts,
    get policy() {
      return policy.current;
    },
    adapters: byPrefix,
    projections,
    markOf: drillMark,
    markOfMessage: drillMarkOfMessage,
    metrics: { delivered: (kind, outcome) => metrics.delivered('chat', kind, outcome) },
  });
  const view = createCardView({
    ...parts,
    get policy() {
      return policy.current;
    },
    commands: sayable,
    projections,
  });
  const router = new Router({
    ...parts,
    get policy() {
      return policy.current;
    },
    approvals,
    evidence: evidenceProviders,
    commands: sayable,
    readOnlyPlatforms: mark === undefined ? ['console'] : [],
    identify: async (identity) => await byPrefix.get(identity.slice(0, identity.indexOf(':')))?.identify(identity),
    markOf: drillMarkOfMessage,
  });
  const shares = new FairShares({
    limits: parts.shares ?? fairShares,
    now: () => performance.now(),
    policy: () => policy.current,
  });
  const desk = new Inbox({ ...parts, db: parts.inbox, router, shares });
  closing.add('commands under way', () => desk.idle());

  return {
    deliverer,
    readBack: async (place) => {
      const adapter = byPrefix.get(place.slice(0, place.indexOf(':')));
      return await adapter?.readBack?.(place).catch(() => undefined);
    },
    recover: async () => {
      if (adapters.length === 0) return;
      await desk.recover();
      await deliverer.revive();
    },
    open: () => openPlatforms({ ...parts, desk, view, onUndelivered: createUndelivered(parts) }),
  };
}

type Platforms = Pick<ChatParts, 'adapters' | 'config' | 'log' | 'closing'> & {
  desk: Inbox;
  view: CardView;
  onUndelivered: (answer: Undelivered) => Promise<void>;
};

async function openPlatforms(parts: Platforms): Promise<void> {
  const { adapters, desk, view, onUndelivered, config, log, closing } = parts;
  const app = createChatApp();
  for (const adapter of adapters) {
    closing.add(`chat platform ${adapter.name}`, () => adapter.stop());
    await adapter.start({ app, onCommand: (incoming) => desk.onCommand(incoming), view, onUndelivered });
  }
  if (adapters.length > 0) lookAfterOthers(desk, closing);
  if (!adapters.some((adapter) => adapter.name !== 'console')) return;
  const server = await listen(app, config.HOST, config.PORT);
  closing.add('chat webhooks', () => server.stop());
  log.info({ port: server.port }, 'chat webhooks are open');
}

/** How often commands are looked for that a process left which died; each waits for two looks. */
const othersEveryMs = 10_000;

function lookAfterOthers(desk: Inbox, closing: ChatParts['closing']): void {
  const timer = setInterval(() => void desk.recoverOthers(), othersEveryMs);
  closing.add('commands of others', async () => clearInterval(timer));
}
