import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { requestAppsView } from './apps.ts';

export const blockedAppsCommand = defineCommand({
  id: 'blocked-apps',
  topic: 'apps',
  patterns: ['blocked apps', 'blocked (devices|phones)'],
  examples: ['blocked apps'],
  args: z.object({}),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary:
    'Every device access rule with what it catches and denied, and phones that are blocked or quarantined and why',
  run: (context) => requestAppsView(context, { kind: 'blocked' }),
});
