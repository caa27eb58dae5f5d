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

export const appsNewCommand = defineCommand({
  id: 'apps-new',
  topic: 'apps',
  patterns: ['apps new', 'new apps'],
  examples: ['apps new'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary: 'Apps and phones that are new since your last look',
  run: (context) => requestAppsView(context, { kind: 'new' }),
});

export const AppArgument = z.string().trim().min(1, 'Which app?').max(100);

export const appCommand = defineCommand({
  id: 'app',
  topic: 'apps',
  patterns: ['app <app...>', 'who uses <app...>'],
  examples: ['app CloudMagic', 'who uses CloudMagic'],
  args: z.object({ app: AppArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary: 'Who uses one app, since when, from where, and the exact names it gives itself',
  run: (context, { app: name }) => requestAppsView(context, { kind: 'app', app: name }),
});

export const blockedAppsCommand = defineCommand({
  id: 'blocked-apps',
  topic: 'apps',
  patterns: ['blocked apps', 'blocked (devices|phones)'],
  examples: ['blocked apps'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary:
    'Every device access rule with what it catches and denied, and phones that are blocked or quarantined and why',
  run: (context) => requestAppsView(context, { kind: 'blocked' }),
});
