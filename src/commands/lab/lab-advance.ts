import { z } from 'zod';
import { advanceLab } from '../../exchange/lab/clock.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** The lab catches up a week of contacts at most. */
const mostMs = 7 * units.d;

const Span = z
  .string()
  .trim()
  .regex(/^\d{1,5} ?(s|m|min|h|d)$/i, 'Say how far, as in 20m, 2h or 1d.')
  .transform((span) => Number.parseInt(span, 10) * units[unitOf(span)])
  .refine((ms) => ms <= mostMs, 'A week at most at a time.');

function unitOf(span: string): keyof typeof units {
  const unit = /[smhd]/i.exec(span)?.[0].toLowerCase();
  return unit === 'h' || unit === 'd' || unit === 's' ? unit : 'm';
}

export const labAdvanceCommand = defineCommand({
  id: 'lab-advance',
  topic: 'lab',
  patterns: ['lab advance <span...>'],
  examples: ['lab advance 20m', 'lab advance 4h'],
  args: z.object({ span: Span }),
  roles: ['user'],
  effect: 'change',
  summary: "Move the lab's clock forward, for every process",
  async run({ store }, { span }) {
    await advanceLab(store.db, span);
    return privateAnswer(`The lab's clock is ${Math.round(span / 60_000)} minutes further. Its phones catch up.`);
  },
});
