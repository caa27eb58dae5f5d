/** What flows on the lab with whole processes need, whichever chat platform they go over. */
import type { Kysely } from 'kysely';
import { expect } from 'vitest';
import { advanceLab } from '../../src/exchange/lab/clock.ts';
import type { Database } from '../../src/store/schema.ts';
import type { BotProcess } from './bot-process.ts';
import { eventually } from './eventually.ts';

/** What one person does, and what everybody must see of it. */
export type Step = { name: string; act(): Promise<unknown>; until(): Promise<unknown> };

/** A person who hears nothing, or that nothing was stored, tries again. */
const mostTries = 4;

/** `between`: what befalls the bot as soon as the act was answered, or was not. */
export async function perform(step: Step, between: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    // What he could not do, or has done before, shows in what is seen.
    await step.act().catch(() => undefined);
    await between();
    try {
      await step.until();
      return;
    } catch (error) {
      if (attempt === mostTries) throw new Error(`"${step.name}" had no effect that people see`, { cause: error });
    }
  }
}

/** Until Exchange was asked time must not leap: the approval would expire, or the answer count as overdue. */
const unasked = ['awaiting-approval', 'approved', 'issuing'];

/** Until a condition holds, phones live on, once Exchange was asked for the wipe. */
export async function labUntil(db: Kysely<Database>, condition: () => void | Promise<void>): Promise<void> {
  await eventually(async () => {
    const wipe = await db.selectFrom('wipe').select('state').executeTakeFirst();
    if (wipe !== undefined && !unasked.includes(wipe.state)) await advanceLab(db, 30_000);
    await condition();
  });
}

/**
 * Kills a bot at any moment but one: between taking a wipe and storing that Exchange was asked. There a death may end the wipe as
 * `not asked`, which is right, and the fault runs' matter.
 */
export async function killOutsideOfACall(db: Kysely<Database>, bot: Pick<BotProcess, 'kill'>): Promise<void> {
  await eventually(() =>
    db.transaction().execute(async (tx) => {
      // While the rows are held nobody takes one.
      const wipes = await tx.selectFrom('wipe').select('state').forUpdate().execute();
      expect(wipes).not.toContainEqual({ state: 'issuing' });
      await bot.kill();
    }),
  );
}
