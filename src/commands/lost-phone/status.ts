import { sql } from 'kysely';
import { z } from 'zod';
import { lockState } from '../../incidents/brake/brake.ts';
import { describeLock } from '../../incidents/brake/lock.ts';
import { incidentCard } from '../../incidents/incident/card.ts';
import { loadIncident } from '../../incidents/incident/view.ts';
import { button, buttons, paragraph } from '../../message/text.ts';
import { IncidentArgument } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { caseOfThread, openCases } from '../which-case.ts';

export const statusCommand = defineCommand({
  id: 'status',
  topic: 'lost-phone',
  patterns: ['status <incident>', 'show <incident>', 'status', 'what now', 'resend'],
  examples: ['status INC-104', 'status'],
  args: z.object({ incident: IncidentArgument.optional() }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show how far a case is',
      needs: [['status', 'wiped'], 'case'],
      likes: ['question'],
      never: ['find', 'loss', 'cancel', 'approve', 'password', 'all', 'unreal'],
      about: 'case',
    },
    {
      title: 'Show how far a case is',
      needs: ['question', ['lost', 'stolen', 'cases', 'wipe', 'wiped'], 'case'],
      never: ['password', 'account', 'app', 'disable', 'approve', 'waiting', 'lastSeen', 'unreal'],
      about: 'case',
    },
    {
      title: 'Show how far a case is',
      needs: ['which', 'number'],
      likes: ['cases'],
      never: ['password'],
      about: 'case',
    },
    { title: 'Show how far a case is', needs: ['resend', 'here'], never: ['loss', 'find'], about: 'case' },
  ],
  summary: 'How far an incident got, or whether wipes are locked and what waits',
  async run(context, args) {
    const { db } = context.store;
    const incident = args.incident ?? (await caseOfThread(db, context.thread));
    if (incident !== undefined) {
      const view = await loadIncident(db, incident);
      const { policy, clock, evidence: providers } = context;
      return { private: await incidentCard({ view, db, policy, now: clock.now(), providers }) };
    }
    const lock = await lockState(db);
    const cases = await openCases(context);
    const { rows: counted } = await sql<{ what: string; drill: boolean | null; n: number }>`
      select 'open' as what, drill, count(*) as n from incident where state = 'open' group by drill
      union all
      select 'waiting', drill, count(*) from approval left join incident on incident.number = approval.incident_number
        where approval.state = 'waiting' group by drill`.execute(db);
    const open = counted.filter(({ what }) => what === 'open');
    const waiting = counted.filter(({ what }) => what === 'waiting');
    return {
      private: {
        title: 'Status',
        tone: lock.locked ? 'danger' : 'neutral',
        blocks: [
          paragraph(...(lock.locked ? await describeLock(db, lock) : ['Wipes are not locked.'])),
          paragraph(`Open incidents: ${apart(open)}. Waiting for a decision: ${apart(waiting)}.`),
          buttons(
            ...cases
              .slice(0, 5)
              .map(({ number, owner }) => button(`INC-${number} · ${owner}`, 'status', { incident: number })),
            button('Open incidents', 'incidents', { which: 'open' }),
            button('What waits', 'approvals', {}),
          ),
        ],
      },
    };
  },
});

/** Drills are counted apart. */
function apart(rows: readonly { drill: boolean | null; n: number }[]): string {
  const sum = (drill: boolean) =>
    rows.filter((row) => (row.drill ?? false) === drill).reduce((total, row) => total + row.n, 0);
  const drills = sum(true);
  return drills === 0 ? String(sum(false)) : `${sum(false)}, and in drills ${drills}`;
}
