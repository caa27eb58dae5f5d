import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBot, testBot } from '../setup/bot.ts';

describe('heartbeat on the lab', () => {
  let bot: TestBot;

  beforeAll(async () => {
    bot = await testBot();
    await bot.advance(60);
  });
  afterAll(() => bot.close());

  it('names the edge, what to do, what it costs and what it means for a wipe', async () => {
    await bot.type('ada', undefined, 'heartbeat');

    const report = bot.find('ada', 'Direct Push: edge too short');
    expect(report).toContain('Phones behind LB1 re-connect every 4 minutes');
    expect(report).toMatch(/EX02 +LB1 +\d+ s +cut at about 30\d s/);
    expect(report).toMatch(/EX01 +none +\d,\d+ s .* healthy/);
    expect(report).toContain(
      'Likely cause: LB1 (Data centre A, in front of EX02) closes idle connections after about 30',
    );
    expect(report).toContain('raise the idle timeout of LB1');
    expect(report).toContain('to at least 3,600 s');
    expect(report).toMatch(/opens about 1\d connections an hour instead of \d/);
    expect(report).toContain('a wipe reaches a connected phone within about 5 minutes');
    expect(report).toContain('[How, for F5 BIG-IP]');
  });

  it('answers at once while the last look is fresh, and tells one server in detail', async () => {
    const heard = await bot.type('ada', undefined, 'heartbeat ex02', { settle: false });

    expect(heard.text).toContain('edge too short on EX02');
    expect(heard.text).toContain('HeartbeatAlertThreshold: 540');
    expect(heard.text).not.toContain('EX01');
  });

  it('is posted in a channel on a schedule, with nobody named', async () => {
    const elsewhere = await bot.type('ada', undefined, 'report heartbeat every day at 12:00');
    expect(elsewhere.text).toContain('Say this in the channel');
    const heard = await bot.type('ada', '#mail-operations', 'report heartbeat every day at 12:00');
    expect(heard.text).toMatch(/Report \d+: Direct Push, here, every day at 12:00/);

    await bot.advance(4 * 60);

    expect(bot.find('#mail-operations', 'Direct Push: edge too short')).toContain('raise the idle timeout of LB1');
    expect((await bot.type('ada', undefined, 'reports')).text).toContain('heartbeat');
  });

  it('says which servers there are when it knows none of that name', async () => {
    const heard = await bot.type('ada', undefined, 'heartbeat EX09');

    expect(heard.text).toContain('There is EX01, EX02, EX03.');
  });
});
