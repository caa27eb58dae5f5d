import { z } from 'zod';
import { exposureNote } from '../../incidents/incident/exposure.ts';
import { IncidentArgument } from '../arguments.ts';
import { defineIncidentCommand } from '../targets.ts';

/** For the data-protection officer, who has 72 hours: what is known, and what is not. */
export const exposureCommand = defineIncidentCommand({
  id: 'exposure',
  topic: 'lost-phone',
  patterns: ['exposure <incident>', 'exposure note [of|for] <incident>'],
  examples: ['exposure INC-104', 'exposure note for INC-104'],
  args: z.object({ incident: IncidentArgument }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  summary:
    'What could be read on the phone of a closed case, since when and until when: for the data-protection officer',
  details:
    'For the notice within 72 hours. What is not known stands there as not known; on a case that is still open it says so.',
  run: async ({ clock }, _args, view) => ({ private: exposureNote(view, clock.now()) }),
});
