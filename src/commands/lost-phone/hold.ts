import { z } from 'zod';
import { IncidentArgument, incidentFor, privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** `hold INC-n`: says why the password must not be reset yet, or since when it may be. */
export const holdCommand = defineCommand({
  id: 'hold',
  topic: 'lost-phone',
  patterns: ['hold <incident>'],
  examples: ['hold INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'approver', 'security', 'admin'],
  effect: 'read',
  summary: 'Why the password must not be reset yet, or since when it may be',
  async run(context, { incident }) {
    const view = await incidentFor(context, incident);
    const { hold: state, holdClosedAt, holdClosedBy, holdClosedWhy } = view.incident;
    if (state === 'open') {
      return privateAnswer(
        `The hold of INC-${incident} is open: do not reset ${view.owner.displayName}'s password, disable the account, block or remove the phone, or suspend the SIM yet. The phone must still log in to hear of a wipe. It closes when every chosen phone has acknowledged, or when a give-up was read back.`,
      );
    }
    const by = holdClosedBy === null ? '' : ` by ${view.names.get(holdClosedBy) ?? 'somebody'}`;
    return privateAnswer(
      `The hold of INC-${incident} is closed${by} since `,
      ...(holdClosedAt === null ? ['then'] : [{ kind: 'time', instant: holdClosedAt.toISOString() } as const]),
      `. ${holdClosedWhy ?? ''} The password may be reset.`,
    );
  },
});
