/** A walk through every command, in an order in which each has something to do; the jobs that follow run on the way. */
import { returnLabPhone } from '../../src/exchange/lab/operations.ts';
import { acceptPolicy, approve, ask, buttonIn, decide, lost, pressed, resetAnyway } from '../incidents/scenes.ts';
import type { TestBot } from '../setup/bot.ts';
import { approvals, deviceGuid, helpdesk, reaches, security } from './scene.ts';

const verified = { reason: 'Nobody knows where it is', how: 'manager' };

export async function everyCommand(bot: TestBot): Promise<void> {
  await rounds(bot);
  await reading(bot);
  await wiped(bot);
  await ownersSay(bot);
  await takenBack(bot);
  await neverReached(bot);
  await changedByOthers(bot);
  await lockedAndForced(bot);
  await suspended(bot);
  await apps(bot);
  await reports(bot);
  await forgotten(bot);
}

/** Time passes at once: the phones live through it, and what is due runs when it is over. */
async function later(bot: TestBot, minutes: number): Promise<void> {
  bot.clock.advance(minutes * 60_000);
  await bot.advance(0);
}

/** The clock jumps and what is due then runs, without living through every phone's contact. */
async function skip(bot: TestBot, minutes: number): Promise<void> {
  bot.clock.advance(minutes * 60_000);
  await bot.runner.settle();
}

/** What a start sets going. */
async function rounds(bot: TestBot): Promise<void> {
  const organisation = 'lab';
  // Before the first reading of it.
  await bot.type('hana', helpdesk, 'heartbeat');
  await bot.store.change(async (change) => {
    await change.enqueue('read-logs', { organisation, server: 'EX01' }, { key: 'EX01@start' });
    await change.enqueue('watch-apps', { organisation }, { key: 'start' });
    await change.enqueue('watch-heartbeat', { organisation }, { key: 'start' });
    await change.enqueue('refresh-directory', { organisation }, { key: 'start' });
    await change.enqueue('checkpoint-audit', {}, { key: 'start' });
    await change.enqueue('prune', {}, { key: 'start' });
    await change.enqueue('stream-audit', {}, { key: 'start' });
    // To an address that policy.yaml names no more.
    const alarm = {
      kind: 'wipes-locked',
      incident: null,
      at: bot.clock.now().toISOString(),
      target: 'none',
      about: [],
    } as const;
    await change.enqueue('send-alarm', { ...alarm, about: [] }, { key: 'start' });
    await change.enqueue('find-outside-wipes', { organisation }, { key: organisation });
  });
  await later(bot, 2);
}

async function reading(bot: TestBot): Promise<void> {
  for (const who of ['hana', 'otto', 'sasha', 'bob']) await opensHome(bot, who);
  for (const text of [
    'help',
    'whoami',
    'reports',
    'heartbeat',
    'heartbeat history',
    'heartbeat explain',
    'heartbeat how f5',
  ])
    await bot.type('hana', helpdesk, text);
  for (const text of [
    'devices alice.ng',
    'last seen bob',
    'apps',
    'apps new',
    'blocked apps',
    'app CloudMagic',
    'lost device nobody',
    'password bob',
    'undo',
    'approvers',
  ])
    await bot.type('hana', helpdesk, text);
  await bot.type('hana', helpdesk, 'karl has misplaced his mobile');
  await bot.press('hana', helpdesk, bot.action(helpdesk, 'hana', 'No'));
  for (const text of ['doctor', 'lab devices', 'lab change-password noor', 'lab edge LB1 300', 'accept role Otto'])
    await bot.type('ines', security, text);
}

async function opensHome(bot: TestBot, persona: string): Promise<void> {
  const sender = { identity: `console:${persona}`, displayName: persona };
  const said = await bot.adapter.say({ eventKey: `home-${persona}`, sender, input: { kind: 'home' } });
  if (said.kind === 'stored') await said.answer;
  await bot.runner.settle();
}

async function wiped(bot: TestBot): Promise<void> {
  const n = await lost(bot, 'alice.ng');
  for (const text of ['incidents', 'incidents mine', 'incidents all', `status INC-${n}`, 'status', `hold INC-${n}`])
    await bot.type('hana', helpdesk, text);
  await ask(bot, { incident: n });
  await bot.type('otto', approvals, 'approvals');
  await approve(bot, 'otto', n);
  for (let n5 = 0; n5 < 12 && !(await reaches(bot, n, 'acknowledged')()); n5 += 1) await later(bot, 5);
  for (const text of [
    `password done INC-${n}`,
    `sessions done INC-${n}`,
    `audit INC-${n}`,
    `close INC-${n} because it is replaced`,
    `exposure INC-${n}`,
  ])
    await bot.type('hana', helpdesk, text);
  const mistaken = await lost(bot, 'gita');
  await bot.type('hana', helpdesk, `opened by mistake INC-${mistaken}`);
  await bot.submit('hana', helpdesk, { reason: 'It was another Gita.' });
  await bot.type('sasha', security, 'audit verify');
}

async function ownersSay(bot: TestBot): Promise<void> {
  await bot.type('alice.moreau', undefined, 'I lost my phone');
  const mine = bot.action(undefined, 'alice.moreau', '1 iPhone');
  await bot.press('alice.moreau', undefined, mine);
  await bot.type('alice.moreau', undefined, 'I still have 2');
  const n = await newest(bot);
  await bot.type('hana', helpdesk, `verify kept INC-${n} 2`);
  await bot.submit('hana', helpdesk, verified);
  await bot.type('hana', helpdesk, `unverify kept INC-${n} 2 because it was the other one`);
  await bot.submit('hana', helpdesk, verified);
  await bot.type('alice.moreau', undefined, 'it was in a purple bag');
  await bot.type('alice.moreau', undefined, 'found it');
}

async function takenBack(bot: TestBot): Promise<void> {
  const n = await lost(bot, 'bob', 'hugo');
  await ask(bot, { incident: n, by: 'hugo', scope: 'full' });
  await bot.type('otto', approvals, `deny INC-${n} because nobody verified the caller`);
  await ask(bot, { incident: n, by: 'hugo', scope: 'full' });
  await bot.type('hugo', helpdesk, `withdraw INC-${n}`);
  await ask(bot, { incident: n, by: 'hugo', scope: 'full' });
  await skip(bot, 31);
  await bot.type('sasha', security, `release hold INC-${n} because the account is used again`);
  await bot.type('hugo', helpdesk, `found INC-${n} because he has it`);
  await bot.submit('hugo', helpdesk, verified);
}

async function neverReached(bot: TestBot): Promise<void> {
  const n = await lost(bot, 'karl');
  await ask(bot, { incident: n, scope: 'full' });
  await approve(bot, 'otto', n);
  await skip(bot, 80);
  await bot.type('hana', helpdesk, `keep waiting INC-${n} 1h`);
  await skip(bot, 61);
  await bot.type('hana', helpdesk, `remove device INC-${n} 1`);
  await bot.type('hana', helpdesk, `cancel wipe INC-${n} because she has it`);
  await bot.submit('hana', helpdesk, verified);
  await bot.type('hana', helpdesk, `block device INC-${n} 1`);
  await bot.type('hana', helpdesk, `unblock device INC-${n} 1`);

  const m = await lost(bot, 'mei', 'hugo');
  await ask(bot, { incident: m, scope: 'full', by: 'hugo' });
  await approve(bot, 'otto', m);
  for (let half = 0; half < 20 && !(await reaches(bot, m, 'sent')()); half += 1) await later(bot, 30);
  await resetAnyway(bot, 'hugo', m);
  await bot.type('hugo', helpdesk, `give up INC-${m}`);
  await bot.submit('hugo', helpdesk, verified);
  await returnLabPhone(bot.db, bot.clock, await deviceGuid(bot, m));
}

async function changedByOthers(bot: TestBot): Promise<void> {
  const n = await lost(bot, 'renee', 'hugo');
  await bot.type('hugo', helpdesk, `block device INC-${n} 1`);
  await approve(bot, 'otto', n);
  await bot.type('hugo', helpdesk, `remove device INC-${n} 1`);
  await approve(bot, 'otto', n);
  await bot.type('hugo', helpdesk, 'drill lost device');
  await later(bot, 2);
}

async function lockedAndForced(bot: TestBot): Promise<void> {
  const n = await lost(bot, 'tom', 'hugo');
  await bot.type('sasha', security, 'lock wipes because of a test');
  await ask(bot, { incident: n, by: 'sasha', scope: 'full', command: 'break-glass' });
  await bot.type('ada', security, 'unlock wipes because it was a test');
  const shown = await bot.type('ines', security, 'approvals');
  const button = buttonIn(shown.answer, 'Show: Unlock all wipes');
  if (button !== undefined) await decide(bot, 'ines', await bot.press('ines', security, button));
  await skip(bot, 25 * 60);
  await bot.type('ada', security, `review INC-${n} because the call was real`);
}

async function suspended(bot: TestBot): Promise<void> {
  await lost(bot, 'otto', 'hana');
  await lost(bot, 'ada', 'hana');
  const n = await newest(bot);
  await bot.type('sasha', security, `confirm report INC-${n}`);
  await bot.type('sasha', security, 'restore otto because he called from his desk');
  await bot.type('sasha', security, 'restore ada because she called from her desk');
  await bot.setPolicy({ ...bot.policy.current, approvals: { ...bot.policy.current.approvals, expireMinutes: 45 } });
  await acceptPolicy(bot, 'ines');
}

async function apps(bot: TestBot): Promise<void> {
  await bot.type('sasha', security, 'block app CloudMagic');
  await bot.click('sasha', security, 'web.config…');
  for (const label of ['Block', 'EWS too']) {
    await bot.click('sasha', security, label);
    await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
  }
  await later(bot, 20);
  await bot.type('sasha', security, 'unblock app CloudMagic');
  await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
}

async function reports(bot: TestBot): Promise<void> {
  await bot.type('sasha', security, 'report blocked apps every weekday at 08:00');
  await bot.type('sasha', security, 'report heartbeat every weekday at 08:00');
  await skip(bot, 25 * 60);
  await bot.type('sasha', security, 'stop report 1');
}

async function forgotten(bot: TestBot): Promise<void> {
  await bot.type('ada', security, 'forget gita because she left and asked for it');
  const shown = await bot.type('ines', security, 'approvals');
  const button = (shown.answer.private?.blocks ?? [])
    .flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
    .find(({ label }) => label.startsWith('Show: Forget'));
  if (button !== undefined) await decide(bot, 'ines', await bot.press('ines', security, button.action));
  await bot.type('ines', security, 'lab advance 20m');
}

async function newest(bot: TestBot): Promise<number> {
  const row = await bot.db
    .selectFrom('incident')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  return row.number;
}
