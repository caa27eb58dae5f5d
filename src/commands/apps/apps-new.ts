import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { requestAppsView } from './apps.ts';

export const appsNewCommand = defineCommand({
  id: 'apps-new',
  topic: 'apps',
  patterns: ['apps new', 'new apps'],
  examples: ['apps new'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'Apps and phones that are new since your last look',
  run: (context) => requestAppsView(context, { kind: 'new' }),
});
