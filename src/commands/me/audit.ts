import { z } from 'zod';
import { phoneName } from '../../incidents/devices/device.ts';
import { describeEntry, peopleIn } from '../../incidents/incident/audit-sentences.ts';
import { namesOf } from '../../incidents/incident/view.ts';
import { code, note, text, time } from '../../message/text.ts';
import { answerLater, IncidentArgument, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { defineIncidentCommand } from '../targets.ts';

const longest = 40;

export const auditCommand = defineIncidentCommand({
  id: 'audit',
  topic: 'me',
  patterns: ['audit <incident>'],
  examples: ['audit INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show everything that happened to a case',
      needs: ['audit'],
      likes: ['which', 'who', 'case'],
      never: ['verify', 'loss', 'find', 'wait', 'block'],
      about: 'case',
    },
    {
      title: 'Show everything that happened to a case',
      needs: ['who', 'decided'],
      likes: ['wipes', 'wipe', 'case'],
      never: ['verify', 'loss', 'find', 'may'],
      about: 'case',
    },
  ],
  summary: 'Everything that happened to an incident, from the audit chain',
  async run(context, { incident }, { devices }) {
    const rows = await context.store.db
      .selectFrom('audit')
      .selectAll()
      .where('incidentNumber', '=', incident)
      .orderBy('seq', 'desc')
      .limit(longest + 1)
      .execute();
    if (rows.length === 0) return privateAnswer(`The audit has nothing about INC-${incident}.`);
    const people = await namesOf(context.store.db, rows.flatMap(peopleIn));
    const phones = new Map(devices.map(({ number, facts }) => [number, `phone ${number}, ${phoneName(facts)}`]));
    const names = {
      person: (guid: string) => people.get(guid),
      phone: (number: number) => phones.get(number) ?? `phone ${number}`,
    };
    return {
      private: {
        title: `Audit of INC-${incident}`,
        tone: 'neutral',
        blocks: [
          {
            kind: 'table',
            columns: ['#', 'When', 'What happened'],
            rows: rows
              .slice(0, longest)
              .toReversed()
              .map((row) => [text(code(String(row.seq))), text(time(row.at)), text(describeEntry(row, names))]),
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
  patterns: ['audit verify <whole:all> [<copy...>]', 'audit verify [<copy...>]', 'verify [the] audit'],
  examples: ['audit verify', 'audit verify all'],
  args: z.object({ whole: z.literal('all').optional(), copy: z.string().trim().max(2_000).optional() }),
  roles: ['approver', 'security', 'admin'],
  effect: 'read',
  intents: [{ title: 'Check the audit', needs: ['audit', 'verify'], about: 'nothing' }],
  summary: 'Check that nobody changed the audit',
  details:
    'Reads what is new since the checkpoint up to which it was last found whole, with `all` the whole chain, and compares it with the signed checkpoints: finds edits, deletions, reordering, truncation and a rewrite. An edit of an older entry is found by `all` alone. With the text of a checkpoint from the audit channel it compares with that copy, too.',
  run: (context, { whole, copy }) =>
    answerLater(
      context,
      `I am reading ${whole === undefined ? 'what is new in the audit' : 'the whole audit'} and will say here what I find.`,
      (change, to) =>
        change.enqueue('verify-audit', {
          ...to,
          ...(whole === undefined ? {} : { whole: true }),
          ...(copy === undefined ? {} : { copy }),
        }),
    ),
});
