import { z } from 'zod';
import type { Dimension } from '../../apps/overview.ts';
import type { DraftAnswer } from '../../message/model.ts';
import { privateAnswer } from '../arguments.ts';
import { type CommandContext, defineCommand } from '../command.ts';

const spoken: Readonly<Record<string, Dimension>> = {
  app: 'app',
  type: 'type',
  model: 'model',
  agent: 'agent',
  'user agent': 'agent',
  os: 'os',
};

export const appsCommand = defineCommand({
  id: 'apps',
  topic: 'apps',
  patterns: ['apps', 'apps by <by:type|model|user agent|agent|os>'],
  examples: ['apps', 'apps by model', 'apps by user agent'],
  args: z.object({ by: z.string().default('app') }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'Which apps read mail here: people, phones, requests, first and last seen',
  details: 'Joins what Exchange lists with what the logs show. What is new since your last look is marked.',
  run: (context, { by }) => requestAppsView(context, { kind: 'apps', by: spoken[by] ?? 'app' }),
});

type View = { kind: 'apps'; by: Dimension } | { kind: 'new' } | { kind: 'blocked' } | { kind: 'app'; app: string };

/** Starts the reading; the answer comes privately. */
export async function requestAppsView(context: CommandContext, view: View): Promise<DraftAnswer> {
  await context.store.change((change) =>
    change.enqueue('show-apps', {
      organisation: context.organisation,
      view,
      person: context.actor.person.guid,
      identity: context.actor.identity,
      token: context.ids.token(),
    }),
  );
  return privateAnswer('I am reading devices and logs and will answer here.');
}
