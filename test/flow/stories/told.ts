/** What the card of a story says first, and what it offers. */
import type { TestBot } from '../../setup/bot.ts';
import { card } from '../scene.ts';

/** The line below the title: what must not be done, or what holds instead. */
export function headline(bot: TestBot, incident: number): string {
  return card(bot, incident).split('\n')[1] ?? '';
}

/** Labels of the card's buttons, in their order. */
export function offers(bot: TestBot, incident: number): string[] {
  const rows = card(bot, incident)
    .split('\n')
    .filter((line) => line.startsWith('['));
  return rows.flatMap((line) => [...line.matchAll(/\[([^\]]+)\]/g)].map(([, label]) => label ?? ''));
}

/** The headline of a phone that is waited for. */
export const mustLogIn = /must still log in|I will say when it is safe/;

export const verified = { reason: 'The owner said so', how: 'Call-back to the office number' };
