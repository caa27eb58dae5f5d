import { z } from 'zod';
import { namesOf } from '../../incidents/incident/view.ts';
import { code, note, text, time } from '../../message/text.ts';
import { IncidentArgument, incidentFor, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

const longest = 40;

export const auditCommand = defineCommand({
  id: 'audit',
  topic: 'me',
  patterns: ['audit <incident>'],
  examples: ['audit INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  summary: 'Everything that happened to an incident, from the audit chain',
  async run(context, { incident }) {
    await incidentFor(context, incident);
    const rows = await context.store.db
      .selectFrom('audit')
      .selectAll()
      .where('incidentNumber', '=', incident)
      .orderBy('seq', 'desc')
      .limit(longest + 1)
      .execute();
    if (rows.length === 0) return privateAnswer(`The audit has nothing about INC-${incident}.`);
    const names = await namesOf(
      context.store.db,
      rows.flatMap((row) => (row.actorGuid === null ? [] : [row.actorGuid])),
    );
    return {
      private: {
        title: `Audit of INC-${incident}`,
        tone: 'neutral',
        blocks: [
          {
            kind: 'table',
            columns: ['#', 'When', 'Who', 'What'],
            rows: rows
              .slice(0, longest)
              .toReversed()
              .map((row) => [
                text(code(String(row.seq))),
                text(time(row.at)),
                text(row.actorGuid === null ? 'Mislaid' : (names.get(row.actorGuid) ?? 'somebody')),
                text(row.action),
              ]),
          },
          ...(rows.length > longest ? [note(`… and earlier entries; these are the last ${longest}.`)] : []),
        ],
      },
    };
  },
});

export const auditVerifyCommand = defineCommand({
  id: 'audit-verify',
  topic: 'me',
  patterns: ['audit verify', 'verify [the] audit'],
  examples: ['audit verify'],
  args: z.object({}),
  roles: ['approver', 'security', 'admin'],
  effect: 'read',
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
