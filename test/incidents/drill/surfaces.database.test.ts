/** DRILL stands on everything that speaks of a drill: cards, threads, channels, private answers, forms, lists, home pages. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { homeProjection } from '../../../src/chat/home-projection.ts';
import { commands } from '../../../src/commands/index.ts';
import type { Role } from '../../../src/policy.ts';
import { approvals } from '../../../src/start/registries.ts';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask } from '../scenes.ts';

let bot: TestBot;
const drill = 101;
const real = 102;
/** Every form of what was said to anybody in this file. */
const answers: { sentence: string; text: string }[] = [];

beforeAll(async () => {
  bot = await testBot({ organisation: 'real' });
  await bot.type('hana', '#helpdesk', 'drill lost device');
  await bot.type('hana', '#helpdesk', 'lost device alice.ng');
  await bot.advance(1);
  for (const incident of [drill, real]) await ask(bot, { incident });
});
afterAll(() => bot.close());

const speakers: Record<Role, string> = {
  user: 'bob',
  helpdesk: 'hana',
  approver: 'otto',
  security: 'sasha',
  admin: 'ines',
};

/** Says every example of every command that names an incident, of this incident and by somebody who may. */
async function sayEverything(incident: number): Promise<void> {
  for (const command of commands) {
    const role = command.roles.find((each) => each !== 'user') ?? 'user';
    for (const example of command.examples.filter((each) => each.includes('INC-104'))) {
      const sentence = example.replaceAll('INC-104', `INC-${incident}`);
      const { text } = await bot.type(speakers[role], undefined, sentence);
      answers.push({ sentence, text });
    }
  }
}

it('in lists and on home pages, only on the rows that are of the drill', async () => {
  for (const list of ['incidents', 'incidents mine', 'approvals']) {
    const { text } = await bot.type('hana', '#helpdesk', list);
    expect(text).toMatch(new RegExp(`DRILL · INC-${drill}`));
    expect(text).toMatch(new RegExp(`(?<!DRILL · )INC-${real}`));
    expect(text).not.toMatch(/^DRILL/);
  }
  const page = {
    db: bot.db,
    id: 'console:hana',
    place: 'console:hana',
    now: bot.clock.now(),
    policy: bot.policy.current,
  };
  const home = JSON.stringify(await homeProjection(approvals).render(page));
  expect(home).toContain(`DRILL · INC-${drill}`);
  expect(home).toMatch(new RegExp(`(?<!DRILL · )INC-${real}`));
  const status = await bot.type('hana', '#helpdesk', 'status');
  expect(status.text).toContain('Open incidents: 1, and in drills 1. Waiting for a decision: 1, and in drills 1.');
});

it('on a form that names nothing but an approval, and not on help, whose examples may name its number', async () => {
  const denied = await bot.type('otto', '#approvals', `deny INC-${drill}`);
  expect(denied.answer.form).toBeDefined();
  expect(denied.text).toContain('DRILL');
  expect((await bot.type('hana', '#helpdesk', 'help')).text).not.toContain('DRILL ·');
});

it('on everything that was posted anywhere by the end of it', async () => {
  await approve(bot, 'otto', drill);
  await bot.advance(90);
  const posted = bot.adapter.posted.map(({ target }) => target);
  const texts = [...new Set(posted)].flatMap((target) => bot.messagesIn(target.replace(/^console:/, '')));
  const only = (number: number, other: number) =>
    texts.filter((text) => text.includes(`INC-${number}`) && !text.includes(`INC-${other}`));
  expect(only(drill, real).length).toBeGreaterThan(10);
  expect(only(drill, real).filter((text) => !text.includes('DRILL'))).toEqual([]);
  expect(only(real, drill).length).toBeGreaterThan(5);
  expect(only(real, drill).filter((text) => text.includes('DRILL'))).toEqual([]);
  // Threads name no number: what stands under the drill's card is marked by it.
  expect(bot.find('#helpdesk', 'Asked of Exchange')).toContain('DRILL');
});

it('on the answer to every command that names it, forms and refusals too, and never on one about a real incident', async () => {
  for (const incident of [drill, real]) await sayEverything(incident);
  const spoken = answers.filter(({ text }) => text !== '');
  const about = (number: number) => spoken.filter(({ sentence }) => sentence.includes(`INC-${number}`));
  expect(about(drill).length).toBeGreaterThan(25);
  expect(about(drill).filter(({ text }) => !text.includes('DRILL'))).toEqual([]);
  expect(about(real).length).toBeGreaterThan(25);
  expect(about(real).filter(({ text }) => text.includes('DRILL'))).toEqual([]);
});
