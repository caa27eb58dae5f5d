import { z } from 'zod';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

export const auditVerifyCommand = defineCommand({
  id: 'audit-verify',
  topic: 'me',
  patterns: ['audit verify', 'verify [the] audit'],
  examples: ['audit verify'],
  args: z.object({}),
  roles: ['approver', 'security', 'admin'],
  effect: 'read',
  private: true,
  summary: 'Check that nobody changed the audit',
  details:
    'Reads the whole chain and compares it with the signed checkpoints: finds edits, deletions, reordering, truncation and a rewrite.',
  async run(context) {
    await context.store.change((change) =>
      change.enqueue('verify-audit', { identity: context.actor.identity, token: context.ids.token() }),
    );
    return privateAnswer('I am reading the whole audit and will say here what I find.');
  },
});
