/**
 * What a whole bot shows in a usual case, card by card, as it was sent: pictures are drawn from it (`npm run teams:pictures`), and every
 * renderer is tested on it. Where the product shows something else now, `npx vitest run test/gallery -u` records it anew; look at it.
 */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Message } from '../../src/message/model.ts';
import { approvals, helpdesk, lost, reaches } from '../flow/scene.ts';
import { decide } from '../incidents/scenes.ts';
import { testBot } from '../setup/bot.ts';

it('is what the bot sends', async () => {
  const bot = await testBot();
  onTestFinished(() => bot.close());
  const recorded: { name: string; now: string; message: Message }[] = [];
  /** The newest message in a place, or privately before somebody, whose title holds this; or what was answered. */
  const keep = (name: string, of: string | Message | undefined, target = helpdesk) => {
    const message =
      typeof of === 'string'
        ? bot.adapter.posted.findLast(
            (each) => each.target === `console:${target}` && each.message.title?.includes(of) === true,
          )?.message
        : of;
    if (message === undefined) throw new Error(`nothing to keep as ${name}:\n${bot.everything()}`);
    recorded.push({ name, now: bot.clock.now().toISOString(), message });
  };

  const choice = await bot.type('hana', helpdesk, 'lost device alice');
  keep('which person', choice.answer.private);
  const n = await lost(bot, 'alice.ng');
  keep('lost device', `INC-${n}`);
  await bot.click('hana', helpdesk, '1 iPhone 15');
  await bot.submit('hana', helpdesk, { scope: 'account-only', reason: 'Left in a taxi.', how: 'manager' });
  keep('waits for an approver', `INC-${n}`);
  keep('approval', 'Approve?', approvals);
  keep('own request', (await bot.type('hana', approvals, `approve INC-${n}`)).answer.private);
  const shown = await bot.type('otto', approvals, `approve INC-${n}`);
  await decide(bot, 'otto', shown);
  keep('asked of Exchange', `INC-${n}`);
  keep('password not yet', (await bot.type('hana', helpdesk, 'password alice.ng')).answer.private);
  await bot.until(reaches(bot, n, 'acknowledged'));
  keep('may be reset', `INC-${n}`);
  keep('password now', (await bot.type('hana', helpdesk, 'password alice.ng')).answer.private);
  keep('status', (await bot.type('hana', helpdesk, 'incidents')).answer.private);
  keep('help of a user', (await bot.type('bob', undefined, 'help')).answer.private);
  keep('own report', (await bot.type('bob', undefined, 'i lost my phone')).answer.private);
  keep('apps', (await bot.type('sasha', undefined, 'apps')).answer.private);

  await expect(`${JSON.stringify(recorded, undefined, 1)}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, 'recorded.json'),
  );
});
