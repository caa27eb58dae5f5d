import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homeProjection } from '../../src/chat/home-projection.ts';
import { openHome } from '../../src/incidents/incident/homes.ts';
import { renderPlainText } from '../../src/message/plain.ts';
import { approvals } from '../../src/start/registries.ts';
import { type TestBot, testBot } from '../setup/bot.ts';

describe('the home page', () => {
  let bot: TestBot;
  beforeAll(async () => {
    bot = await testBot();
    for (const persona of ['hana', 'otto', 'ada', 'alice.ng', 'bob']) await bot.type(persona, undefined, 'whoami');
  });
  afterAll(() => bot.close());

  async function home(persona: string): Promise<string | undefined> {
    const id = `console:${persona}`;
    const policy = bot.policy.current;
    const draft = await homeProjection(approvals).render({ db: bot.db, id, place: id, now: bot.clock.now(), policy });
    return draft === undefined ? undefined : renderPlainText(draft, { now: bot.clock.now(), timeZone: 'UTC' });
  }

  const homesAsked = async (persona: string) =>
    (
      await bot.db
        .selectFrom('delivery')
        .select('id')
        .where('kind', '=', 'home')
        .where('identity', '=', `console:${persona}`)
        .execute()
    ).length;

  it('says how to report, and shows nothing of others to who holds no role', async () => {
    expect(await home('bob')).toMatch(/Is your phone gone, Bob\?[\s\S]*I lost my phone[\s\S]*\[Report my phone\]/);
    expect(await home('bob')).not.toMatch(/incidents|decision|locked/);
  });

  it('is nothing for an account that nobody knows', async () => {
    expect(await home('mallory')).toBeUndefined();
  });

  it('shows the helpdesk its incidents, approvers what waits for them, and is rendered anew when that changes', async () => {
    await bot.store.change((change) => openHome(change, 'console:otto'));
    await bot.runner.settle();
    const before = await homesAsked('otto');

    await bot.type('hana', '#helpdesk', 'lost device alice.ng');
    await bot.click('hana', '#helpdesk', '1 iPhone 15');
    await bot.submit('hana', '#helpdesk', { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });

    expect(await home('hana')).toMatch(/Your open incidents[\s\S]*INC-101 · lost · Alice Ng/);
    expect(await home('hana')).not.toContain('Waiting for your decision');
    expect(await home('otto')).toMatch(
      /Waiting for your decision[\s\S]*INC-101[\s\S]*\[Show: Alice Ng · wipe iPhone 15 …\w{4} · account-only\] \[Deny…\]/,
    );
    expect(await homesAsked('otto')).toBeGreaterThan(before);
    expect(await homesAsked('ada')).toBe(0);

    const asked = await homesAsked('otto');
    await bot.click('ada', '#approvals', 'Approve');
    expect(await home('otto')).not.toContain('Waiting for your decision');
    expect(await homesAsked('otto')).toBeGreaterThan(asked);
  });

  it('tells the owner of a lost phone nothing of approvals or of what is done', async () => {
    await bot.type('alice.ng', undefined, 'I lost my phone');

    const shown = await home('alice.ng');

    expect(shown).not.toMatch(/approv|decision|wipe|iPhone|Hana|Otto/i);
    expect(shown).toContain('Please do not change your password yourself');
  });

  it('says that wipes are locked, by whom and why, to those who work here', async () => {
    await bot.type('ada', undefined, 'lock wipes because of a drill');

    expect(await home('otto')).toMatch(/All wipes are locked by Ada/);
    expect(await home('bob')).not.toContain('locked');
  });
});
