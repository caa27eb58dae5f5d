import { z } from 'zod';
import { incidentName } from '../../incidents/drill/drill.ts';
import { namesOf } from '../../incidents/incident/view.ts';
import { outcomeWord } from '../../incidents/wipe/machine.ts';
import { button, buttons, note, strong, text, time } from '../../message/text.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

const longest = 30;

export const incidentsCommand = defineCommand({
  id: 'incidents',
  topic: 'lost-phone',
  patterns: ['incidents [<which:open|mine|all>]'],
  examples: ['incidents', 'incidents mine', 'incidents all'],
  args: z.object({ which: z.enum(['open', 'mine', 'all']).default('open') }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show the open cases',
      needs: ['open', ['which', 'question', 'cases']],
      likes: ['cases'],
      never: ['unreal', 'number', 'person', 'here', 'app', 'loss', 'own-loss'],
      about: 'nothing',
      strangers: 1,
    },
    {
      title: 'Show the open cases',
      needs: ['which', ['lost', 'stolen', 'missing', 'cases'], ['phones', 'phone', 'cases']],
      likes: ['question'],
      never: ['unreal', 'number', 'person', 'here', 'loss', 'own-loss'],
      about: 'nothing',
    },
  ],
  summary: 'The open incidents, yours, or all',
  async run({ store, actor }, { which }) {
    let query = store.db
      .selectFrom('incident')
      .selectAll()
      .orderBy('number', 'desc')
      .limit(longest + 1);
    if (which !== 'all') query = query.where('state', '=', 'open');
    if (which === 'mine') query = query.where('openedBy', '=', actor.person.guid);
    const rows = await query.execute();
    if (rows.length === 0)
      return privateAnswer(
        which === 'mine'
          ? 'You have no open incident.'
          : which === 'open'
            ? 'No incident is open.'
            : 'There has been no incident yet.',
      );

    const shown = rows.slice(0, longest);
    const wipes = await store.db
      .selectFrom('wipe')
      .select(['incidentNumber', 'state'])
      .where(
        'incidentNumber',
        'in',
        shown.map((row) => row.number),
      )
      .orderBy('id')
      .execute();
    const names = await namesOf(
      store.db,
      shown.map((row) => row.personGuid),
    );
    return {
      private: {
        title: which === 'mine' ? 'Your open incidents' : which === 'open' ? 'Open incidents' : 'Incidents',
        tone: 'neutral',
        blocks: [
          {
            kind: 'table',
            columns: ['Incident', 'Person', 'Opened', 'Wipe', 'Hold'],
            rows: shown.map((row) => {
              const wipe = wipes.filter((candidate) => candidate.incidentNumber === row.number).at(-1);
              return [
                text(strong(incidentName(row.number, row.drill)), ` ${row.kind}`),
                text(names.get(row.personGuid) ?? 'not in the directory'),
                text(time(row.openedAt)),
                text(wipe === undefined ? 'none' : outcomeWord(wipe.state)),
                text(row.state === 'closed' ? 'closed' : row.hold === 'open' ? 'open' : 'password may be reset'),
              ];
            }),
          },
          ...(rows.length > longest ? [note('… and more; these are the newest.')] : []),
          buttons(...shown.slice(0, 5).map((row) => button(`INC-${row.number}`, 'status', { incident: row.number }))),
        ],
      },
    };
  },
});
