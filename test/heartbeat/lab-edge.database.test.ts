/** A day on the lab: the alert, its evidence on a card, the repair by `lab edge`, and the all-clear. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBot, testBot } from '../setup/bot.ts';

describe('the edge of the lab, repaired', () => {
  let bot: TestBot;

  beforeAll(async () => {
    bot = await testBot();
    await bot.store.change((change) => change.enqueue('watch-heartbeat', { organisation: 'lab' }, { key: 'start' }));
  });
  afterAll(() => bot.close());

  it('alarms security and mail operations once when event 1040 comes', async () => {
    await bot.advance(3 * 60);

    for (const place of ['#security', '#mail-operations']) {
      const alarms = bot.messagesIn(place).filter((text) => text.includes('Event 1040 on EX02'));
      expect(alarms).toHaveLength(1);
      expect(alarms[0]).toContain('Likely cause: LB1 (Data centre A, in front of EX02) closes idle connections');
      expect(alarms[0]).toContain('[Show EX02]');
    }
  });

  it("says on an incident's card how soon the phone hears of a wipe", async () => {
    await bot.type('hana', '#helpdesk', 'lost device bob');

    expect(bot.find('#helpdesk', 'Galaxy S23')).toMatch(
      /it asks EX02 to wait 2\d\d s for mail; LB1 cuts connections at about 30\d s/,
    );
  });

  it('sees the repair, says that it is over, and keeps the history', async () => {
    await bot.type('ada', undefined, 'lab edge LB1 3600');
    // Phones take hours to trust the way again; nobody needs to look meanwhile.
    await bot.db.deleteFrom('work').where('job', '=', 'watch-heartbeat').execute();
    await bot.advance(12 * 60);
    await bot.store.change((change) => change.enqueue('watch-heartbeat', { organisation: 'lab' }, { key: 'again' }));
    await bot.advance(1);

    expect(bot.find('#mail-operations', 'Event 1040 on EX02 is over')).toMatch(
      /Phones ask for [\d,]+ s on average now/,
    );
    const { text: report } = await bot.type('ada', undefined, 'heartbeat');
    expect(report).toMatch(/EX02 +LB1 .*healthy/);
    expect(report).toContain('policy.yaml says 300 s, which is no longer so.');
    const history = await bot.type('ada', undefined, 'heartbeat history');
    expect(history.text).toMatch(/EX02: healthy \(before: edge too short\)/);
    expect(history.text).toContain('LB1 no longer cuts at 30');
  });

  it('explains itself', async () => {
    const heard = await bot.type('ada', undefined, 'explain event 1040');

    expect(heard.text).toContain('The first number in it is that average in seconds, not a count');
    expect(heard.text).toMatch(/Now: on EX0\d the average is/);
  });

  it('is for those who may', async () => {
    const heard = await bot.type('bob', undefined, 'heartbeat');

    expect(heard.text).not.toContain('Direct Push');
  });
});
