import { z } from 'zod';
import { describeApplies, whatApplies } from '../../incidents/hold/applies.ts';
import { time } from '../../message/text.ts';
import { IncidentArgument, privateAnswer } from '../arguments.ts';
import { defineIncidentCommand } from '../targets.ts';

/** `hold INC-n`: says why the password must not be reset yet, or since when it may be. */
export const holdCommand = defineIncidentCommand({
  id: 'hold',
  topic: 'lost-phone',
  patterns: ['hold <incident>'],
  examples: ['hold INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  summary: 'Why the password must not be reset yet, or since when it may be',
  async run(_context, { incident }, view) {
    const { hold: state, holdClosedAt, holdClosedBy, holdClosedWhy } = view.incident;
    if (state === 'open') {
      return privateAnswer(
        `The hold of INC-${incident} is open. `,
        ...describeApplies(whatApplies(view), view),
        ' It closes when every chosen phone has acknowledged, when a cancel or give-up was read back, or when a person decides so.',
      );
    }
    const by = holdClosedBy === null ? '' : ` by ${view.names.get(holdClosedBy) ?? 'somebody'}`;
    return privateAnswer(
      `The hold of INC-${incident} is closed${by} since `,
      holdClosedAt === null ? 'then' : time(holdClosedAt),
      `. ${holdClosedWhy ?? ''} The password may be reset.`,
    );
  },
});
