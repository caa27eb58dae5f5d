import { z } from 'zod';
import { findKnownApp } from '../../apps/block/find.ts';
import { ensureBlock } from '../../apps/block/store.ts';
import { unknownApp } from '../../apps/show.ts';
import { isNamedPlace } from '../../incidents/incident/places.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { AppArgument } from './apps.ts';

export const blockAppCommand = defineCommand({
  id: 'block-app',
  topic: 'apps',
  patterns: ['block app <app...>'],
  examples: ['block app CloudMagic'],
  args: z.object({ app: AppArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Keep an app out',
      needs: ['block', 'told'],
      likes: ['app'],
      never: ['person', 'phone', 'cases', 'number', 'here', 'self', 'all'],
      about: 'app',
      strangers: 1,
    },
  ],
  summary: 'Keep an app out, in stages that a second person approves',
  details:
    'First only a preview: the exact strings that Exchange holds, who would lose mail, and wipes that a block would stop. Then as you choose: tell the people, quarantine, block, Exchange Web Services, web.config, text for the edge. I watch logs and devices and say whether it holds.',
  async run(context, { app: typed }) {
    const { store, policy, organisation, place, actor } = context;
    const named = place !== undefined && isNamedPlace(policy, place);
    const found = await findKnownApp(store.db, organisation, typed);
    const { made } = await store.change(async (change) => {
      await change.enqueue('watch-apps', { organisation }, { key: `${organisation}:now` });
      if ('near' in found) return { made: false };
      const { key: app, name } = found.app;
      const places = named ? [place] : [];
      return ensureBlock(change, policy, { organisation, app, name, by: actor, places });
    });
    if ('near' in found) {
      const read = await store.db
        .selectFrom('appInventory')
        .select('readAt')
        .where('organisation', '=', organisation)
        .executeTakeFirst();
      return read === undefined
        ? privateAnswer("I am still reading Exchange's devices for the first time. Say it again in a minute.")
        : { private: unknownApp(typed, found.near) };
    }
    const { name } = found.app;
    if (!named) return privateAnswer(`The card of ${name} is in the security channel. Nothing is blocked yet.`);
    if (made) return {};
    return privateAnswer(
      `${name} has a card in this channel already: press its buttons. It shows what was done and what is next.`,
    );
  },
});
