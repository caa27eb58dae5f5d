import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { requestAppsView } from './apps.ts';

export const AppArgument = z.string().trim().min(1, 'Which app?').max(100);

export const appCommand = defineCommand({
  id: 'app',
  topic: 'apps',
  patterns: ['app <app...>', 'who uses <app...>'],
  examples: ['app CloudMagic', 'who uses CloudMagic'],
  args: z.object({ app: AppArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'Who uses one app, since when, from where, and the exact names it gives itself',
  run: (context, { app: name }) => requestAppsView(context, { kind: 'app', app: name }),
});
