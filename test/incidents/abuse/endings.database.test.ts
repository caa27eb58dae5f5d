/** One person who ends what others ask for: each ending is told by name, and the pattern once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestBot, testPair } from '../../setup/bot.ts';
import { ask, deny, lost, scopeOf } from '../scenes.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await testPair();
});
afterEach(() => bot.close());

const told = () => bot.messagesIn('#security').filter((text) => text.includes('within 24 hours: denied'));

/** Reported and asked for by Hana, one after the other, and ended as it is said. */
async function each(people: readonly string[], end: (incident: number) => Promise<unknown>): Promise<void> {
  for (const person of people) {
    const incident = await lost(bot, person);
    await ask(bot, { incident, scope: await scopeOf(bot, incident) });
    await end(incident);
  }
}

describe('one person who', () => {
  it.each([
    [
      'denies everything',
      (incident: number) => deny(bot, 'otto', incident),
      'Otto Lindqvist has ended 3 requests of 1 other person',
    ],
    [
      'takes back what a colleague asks for',
      (incident: number) => bot.type('hugo', '#helpdesk', `withdraw INC-${incident}`),
      'denied 0, taken back 3',
    ],
  ])('%s is told to security by the third of a day, once', async (_what, end, said) => {
    await each(['alice.ng', 'renee'], end);
    expect(told()).toEqual([]);
    await each(['bob', 'mei'], end);
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain(said);
  });

  it('takes back what they asked for themselves is told of no more than before', async () => {
    await each(['alice.ng', 'renee', 'bob', 'mei'], (incident) =>
      bot.type('hana', '#helpdesk', `withdraw INC-${incident}`),
    );
    expect(told()).toEqual([]);
  });
});
