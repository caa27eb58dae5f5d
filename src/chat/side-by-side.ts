/** Two chat platforms that show the same places to the same people, as the console and the browser do: what goes to one goes to both. */
import type { ChatAdapter } from './port.ts';

/**
 * Delivers to all, and answers with the first one's ref: they mint the same for the same key, and take the same key again as the same
 * message, so that a delivery of which one failed may go to all once more.
 */
export function sideBySide(adapters: readonly [ChatAdapter, ...ChatAdapter[]]): ChatAdapter {
  const [first, ...others] = adapters;
  if (others.length === 0) return first;
  return {
    name: first.name,
    identityPrefix: first.identityPrefix,
    limits: first.limits,
    start: async (input) => {
      for (const adapter of adapters) await adapter.start(input);
    },
    post: async (target, message, key) => {
      const ref = await first.post(target, message, key);
      for (const other of others) await other.post(target, message, key);
      return ref;
    },
    // Where one of them does not know it, it is posted once more, and the other takes it as known.
    find: async (target, key) => {
      const refs = await Promise.all(adapters.map((adapter) => adapter.find(target, key)));
      return refs.includes(undefined) ? undefined : refs[0];
    },
    edit: async (ref, message) => {
      for (const adapter of adapters) await adapter.edit(ref, message);
    },
    reply: async (ref, message, key) => {
      const reply = await first.reply(ref, message, key);
      for (const other of others) await other.reply(ref, message, key);
      return reply;
    },
    privately: async (identity, message, key, address) => {
      const ref = await first.privately(identity, message, key, address);
      for (const other of others) await other.privately(identity, message, key, address);
      return ref;
    },
    identify: async (identity) => await first.identify(identity),
    stop: async () => {
      for (const adapter of adapters) await adapter.stop();
    },
  };
}
