import { z } from 'zod';
import { appBlockSubject } from '../../apps/block/approval-subject.ts';
import { blockSubject, loadBlock, openBlocks, proposeStep } from '../../apps/block/store.ts';
import { nearest } from '../../apps/overview.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { AppArgument } from './apps.ts';

export const unblockAppCommand = defineCommand({
  id: 'unblock-app',
  topic: 'apps',
  patterns: ['unblock app <app...>'],
  examples: ['unblock app CloudMagic'],
  args: z.object({ app: AppArgument }),
  roles: ['security', 'admin'],
  effect: 'change',
  summary: 'Take back everything that was done to keep an app out',
  details:
    'A second person approves. Rules go back to what they were, lists lose only what I added, and web.config files get their bytes back.',
  async run(context, { app: typed }) {
    const { store, policy, organisation, actor } = context;
    const blocks = await openBlocks(store.db, organisation);
    const wanted = typed.trim().toLowerCase();
    const block = blocks.find(({ app, name }) => app === wanted || name.toLowerCase() === wanted);
    if (block === undefined) {
      const near = nearest(
        blocks.map(({ name }) => name),
        wanted,
      );
      const guess = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
      return privateAnswer(
        `I keep no app called “${typed}” out.${guess} Rules that somebody else made stand under "blocked apps".`,
      );
    }
    const { steps } = await loadBlock(store.db, block.id);
    const done = steps.filter(({ kind, state }) => state === 'done' && kind !== 'notice' && kind !== 'undo');
    if (done.length === 0) {
      await store.change(async (change) => {
        await change.tx
          .updateTable('appBlock')
          .set({ state: 'ended', endedAt: change.now, endedBy: actor.person.guid })
          .where('id', '=', block.id)
          .execute();
        change.audit({
          action: 'app-block.ended',
          subject: blockSubject(block.id),
          actor: { guid: actor.person.guid, identity: actor.identity },
          data: { app: block.app },
        });
        await change.refresh(blockSubject(block.id));
      });
      return privateAnswer(`Nothing had been done to keep ${block.name} out. Its card is closed.`);
    }
    const withConfig = done.some(({ kind }) => kind === 'web-config');
    await store.change((change) =>
      proposeStep(change, policy, {
        block,
        payload: { kind: 'undo', steps: done.map(({ id }) => id) },
        by: actor,
        subject: appBlockSubject,
        role: withConfig ? 'admin' : 'approver',
      }),
    );
    return privateAnswer(
      `I have asked for an approval to take back ${done.length === 1 ? 'what was done' : `${done.length} steps`}.`,
    );
  },
});
