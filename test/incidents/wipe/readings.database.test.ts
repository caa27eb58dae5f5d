/** Whatever Exchange's reads answer, in whatever order, while a wipe is asked for and followed: what is said of it stays true. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { minute } from '../../../src/ground/durations.ts';
import { testBot } from '../../setup/bot.ts';
import { runs } from '../../setup/runs.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

type Row = Record<string, unknown>;
type Rows = readonly unknown[];

/** Exchange shows a request within this time, or nothing could ever be concluded (`provesNotAsked`). */
const longestLag = 15 * minute;

const devices = ['get-mobile-device', 'get-mobile-device-statistics'];
const edited = (rows: Rows, change: (row: Row) => Row): Rows => rows.map((row) => change({ ...(row as Row) }));
const noRequests = {
  DeviceWipeRequestTime: null,
  DeviceWipeSentTime: null,
  DeviceWipeAckTime: null,
  AccountOnlyDeviceWipeRequestTime: null,
  AccountOnlyDeviceWipeSentTime: null,
  AccountOnlyDeviceWipeAckTime: null,
};

/** What two cmdlets answer instead of the truth. */
const bad: Readonly<Record<string, (cmdlet: string, rows: Rows) => Rows>> = {
  'both empty': () => [],
  'directory empty': (cmdlet, rows) => (cmdlet === devices[0] ? [] : rows),
  'mailbox empty': (cmdlet, rows) => (cmdlet === devices[1] ? [] : rows),
  'an error': () => {
    throw new Error('The operation could not be performed.');
  },
  'dates that cannot be read': (_cmdlet, rows) =>
    edited(rows, (row) => ({
      ...row,
      AccountOnlyDeviceWipeRequestTime: '3/4/2026 9:15',
      DeviceWipeRequestTime: 'soon',
    })),
  'rows that contradict': (_cmdlet, rows) => [
    ...rows,
    ...edited(rows, (row) => ({ ...row, ...noRequests, DeviceType: 'Pear' })),
  ],
  'without an identity': (_cmdlet, rows) => edited(rows, (row) => ({ ...row, Guid: null })),
};

const step = fc.record({
  answers: fc.constantFrom('the truth', 'late', ...Object.keys(bad)),
  minutes: fc.integer({ min: 1, max: 8 }),
});
const plan = fc.record({
  answerLost: fc.boolean(),
  reached: fc.boolean(),
  phoneIsOff: fc.boolean(),
  steps: fc.array(step, { minLength: 3, maxLength: 10 }),
});

it('asks once, never says "not asked" of what was asked, and says every acknowledgement', {
  timeout: 1_200_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ answerLost, reached, phoneIsOff, steps }) => {
      let answers = 'the truth';
      let clearedAt: Date | undefined;
      const bot = await testBot({
        onChange: async (cmdlet, moment) => {
          if (cmdlet !== 'clear-mobile-device') return;
          if (moment === 'before' && !reached) throw new Error('The connection was closed.');
          if (moment !== 'after') return;
          clearedAt = bot.clock.now();
          if (answerLost) throw new Error('The request message was already sent.');
        },
        onRead: (cmdlet, rows) => {
          if (!devices.includes(cmdlet)) return rows;
          if (answers !== 'late') return bad[answers]?.(cmdlet, rows) ?? rows;
          const lags = clearedAt !== undefined && bot.clock.now().getTime() - clearedAt.getTime() < longestLag;
          return lags ? edited(rows, (row) => ({ ...row, ...noRequests })) : rows;
        },
      });
      try {
        await lost(bot, 'alice.ng');
        if (phoneIsOff) await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
        await ask(bot, { incident: 101, device: 1 });
        const [first, ...rest] = steps;
        answers = first?.answers ?? answers;
        await approve(bot, 'otto');
        for (const { answers: next, minutes } of [{ answers, minutes: first?.minutes ?? 1 }, ...rest]) {
          answers = next;
          await bot.advance(minutes);
          const [state] = await wipeStates(bot);
          const requests = await asked(bot);
          expect(requests).toBeLessThanOrEqual(1);
          if (requests === 1) expect(state).not.toBe('not-asked');
          if (requests === 0)
            expect([
              'awaiting-approval',
              'approved',
              'issuing',
              'not-asked',
              'expired',
              'voided',
              'partnership-removed',
            ]).toContain(state);
        }
        answers = 'the truth';
        await bot.advance(90);
        const [state] = await wipeStates(bot);
        if ((await asked(bot)) === 0) {
          expect(['not-asked', 'expired', 'voided', 'partnership-removed']).toContain(state);
          return;
        }
        expect(state).toBe(phoneIsOff ? 'requested' : 'acknowledged');
        const said = bot.messagesIn('#helpdesk').some((line) => line.includes('acknowledged the wipe'));
        expect(said).toBe(!phoneIsOff);
      } finally {
        await bot.close();
      }
    }),
    { numRuns: runs(3, 12), seed: 20_261_129, endOnFailure: true },
  );
});
