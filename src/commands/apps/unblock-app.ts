import { z } from 'zod';
import { auditBlock, blockSubject, endBlock, loadBlock, openBlocks } from '../../apps/block/store.ts';
import { nearest } from '../../apps/overview.ts';
import { didYouMean } from '../../apps/show.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { AppArgument } from './apps.ts';
import { propose } from './block-app-buttons.ts';

export const unblockAppCommand = defineCommand({
  id: 'unblock-app',
  topic: 'apps',
  patterns: ['unblock app <app...>'],
  examples: ['unblock app CloudMagic'],
  args: z.object({ app: AppArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  intents: [
    {
      title: 'Let an app in again',
      needs: ['unblock', 'told'],
      likes: ['app'],
      never: ['person', 'phone', 'cases', 'number', 'here', 'self', 'all'],
      about: 'app',
      strangers: 1,
    },
  ],
  summary: 'Take back everything that was done to keep an app out',
  details:
    'A second person approves. Rules go back to what they were, lists lose only what I added, and web.config files get their bytes back.',
  async run(context, { app: typed }) {
    const { store, organisation, actor } = context;
    const blocks = await openBlocks(store.db, organisation);
    const wanted = typed.trim().toLowerCase();
    const block = blocks.find(({ app, name }) => app === wanted || name.toLowerCase() === wanted);
    if (block === undefined) {
      const near = nearest(
        blocks.map(({ name }) => name),
        wanted,
      );
      return privateAnswer(
        `I keep no app called “${typed}” out.${didYouMean(near)} Rules that somebody else made stand under "blocked apps".`,
      );
    }
    const { steps } = await loadBlock(store.db, block.id);
    const done = steps.filter(({ kind, state }) => state === 'done' && kind !== 'notice' && kind !== 'undo');
    if (done.length === 0) {
      await store.change(async (change) => {
        await endBlock(change, block, actor.person.guid);
        auditBlock(change, block.id, actor, { action: 'app-block.ended', app: block.app });
        await change.refresh(blockSubject(block.id));
      });
      return privateAnswer(`Nothing had been done to keep ${block.name} out. Its card is closed.`);
    }
    const role = done.some(({ kind }) => kind === 'web-config') ? 'admin' : 'approver';
    await propose(context, block, { kind: 'undo', steps: done.map(({ id }) => id) }, role);
    return privateAnswer(
      `I have asked for an approval to take back ${done.length === 1 ? 'what was done' : `${done.length} steps`}.`,
    );
  },
});
