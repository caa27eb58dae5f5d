import { afterAll, beforeAll, expect, it } from 'vitest';
import { clearMobileDevice } from '../../../src/exchange/cmdlets/clear-mobile-device.ts';
import { labCapabilities } from '../../../src/exchange/lab/capabilities.ts';
import { createExchange } from '../../../src/exchange/run.ts';
import { countWipe } from '../../../src/incidents/brake/brake.ts';
import { issueWipe } from '../../../src/incidents/wipe/issue-wipe.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask } from '../scenes.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot({ organisation: 'real' });
});
afterAll(() => bot.close());

async function clears(of: 'lab' | 'real'): Promise<number> {
  const db = of === 'lab' ? bot.db : bot.world;
  return (await db.selectFrom('labLedger').select('id').where('cmdlet', '=', 'clear-mobile-device').execute()).length;
}

it('a drill beside the real organisation is the whole flow on the lab, decided by the real people', async () => {
  expect((await bot.type('hana', '#helpdesk', 'drill lost device')).text).toContain('DRILL');
  const incident = await bot.db.selectFrom('incident').selectAll().executeTakeFirstOrThrow();
  expect(incident).toMatchObject({ organisation: 'lab', drill: true });
  expect(bot.find('#helpdesk', 'INC-101')).toContain('DRILL · INC-101 · Lost device');

  await bot.advance(1);
  const form = await bot.type('hana', '#helpdesk', 'wipe INC-101 1');
  expect(form.text).toContain('DRILL: this phone is of the lab');
  await ask(bot, { scope: 'account-only', reason: 'Practice.' });
  expect(bot.find('#approvals', 'Approve?')).toContain('DRILL · Approve? INC-101');
  expect(bot.messagesIn('otto').join('\n')).toContain('DRILL · Approve?');
  await bot.advance(2);
  await approve(bot, 'otto');
  await bot.until(() => bot.messagesIn('#helpdesk').some((text) => text.includes('The drill is over')));
  expect(bot.find('#helpdesk', 'The drill is over')).toMatch(/DRILL[\s\S]*approved after .* min .*acknowledged after/);
  expect(bot.find('#helpdesk', 'How long the drill took')).toContain('Reported');
  for (const line of bot.messagesIn('#security')) expect(line).toContain('DRILL');
  expect(await clears('lab')).toBe(1);
  expect(await clears('real')).toBe(0);
});

it('mixes with nothing: no search, no list of people, no suspension', async () => {
  await bot.db
    .updateTable('person')
    .set({ displayName: 'Only Here' })
    .where('organisation', '=', 'lab')
    .where('alias', '=', 'noor')
    .execute();
  expect((await bot.type('hana', '#helpdesk', 'lost device Only Here')).text).toContain('I know no one called');
  expect((await bot.type('hana', '#helpdesk', 'lost device noor')).text).toBe('');
  const real = await bot.db.selectFrom('incident').selectAll().where('drill', '=', false).executeTakeFirstOrThrow();
  expect(real.organisation).toBe('real');
});

it('too many drills lock nothing', async () => {
  const drilled = await bot.db.selectFrom('wipe').selectAll().where('drill', '=', true).executeTakeFirstOrThrow();
  for (let index = 0; index < 5; index += 1) {
    const copy = { ...drilled, id: 1_000 + index, requestedBy: `somebody-${index}` };
    await bot.store.change((change) => countWipe(change, copy));
  }
  await bot.type('hugo', '#helpdesk', 'drill lost device');
  const { number } = await bot.db
    .selectFrom('incident')
    .select('number')
    .orderBy('number', 'desc')
    .executeTakeFirstOrThrow();
  await ask(bot, { by: 'hugo', incident: number });
  await approve(bot, 'otto', number);
  expect(bot.find('#security', 'wipe not issued')).toContain('DRILL');
  expect(await bot.db.selectFrom('wipeLock').selectAll().execute()).toEqual([]);
  expect(await clears('lab')).toBe(1);
});

it('never reaches a real device', async () => {
  // What calls itself the lab and is no simulation is refused before anything is sent.
  let sent = 0;
  const impostor = createExchange({
    organisation: 'lab',
    transport: {
      call: async () => {
        sent += 1;
        return [];
      },
      capabilities: async () => ({ ...labCapabilities, simulation: false }),
    },
  });
  const guid = '0b6a4a2e-6f1a-4f0e-9f6d-2d5a1f6c0001';
  await expect(impostor.run(clearMobileDevice, { Identity: guid })).rejects.toMatchObject({
    code: 'exchange-refused-unsent',
  });
  expect(sent).toBe(0);

  // A job that is handed the wrong organisation's Exchange does nothing.
  const { id } = await bot.db
    .selectFrom('wipe')
    .select('id')
    .where('drill', '=', true)
    .orderBy('id')
    .executeTakeFirstOrThrow();
  await bot.db.updateTable('wipe').set({ state: 'approved' }).where('id', '=', id).execute();
  const context = bot.jobContext({ exchange: () => bot.exchange('real') });
  await expect(issueWipe(context, id)).rejects.toMatchObject({ code: 'wrong-organisation' });
  expect(await clears('real')).toBe(0);

  // And the store takes no drill that is not of the lab.
  await expect(
    bot.db
      .insertInto('incident')
      .values({
        organisation: 'real',
        drill: true,
        kind: 'lost',
        personGuid: 'x',
        byOwner: false,
        openedAt: new Date(),
        state: 'open',
        hold: 'open',
      })
      .execute(),
  ).rejects.toThrow('incident_drill_is_lab');
});
