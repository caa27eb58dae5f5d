/** Backups of every step of a wipe that meanwhile went on: nobody asks Exchange a second time, and nothing is said to be known that is not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labLedger } from '../../src/exchange/lab/operations.ts';
import { lockState } from '../../src/incidents/brake/brake.ts';
import {
  approvals,
  asked,
  card,
  helpdesk,
  holdOf,
  lost,
  propose,
  reaches,
  security,
  wipeState,
} from '../flow/scene.ts';
import { pressed } from '../incidents/scenes.ts';
import type { TestBot } from '../setup/bot.ts';
import { beforeDisaster, type Disaster } from './restored.ts';

let disaster: Disaster;
/** Backups are taken while Exchange is being asked, too. */
let during: ((moment: string) => Promise<void>) | undefined;
let incident: number;

beforeAll(async () => {
  disaster = await beforeDisaster({
    onChange: async (cmdlet, moment) => {
      if (cmdlet === 'clear-mobile-device') await during?.(moment);
    },
  });
  const { bot } = disaster;
  incident = await lost(bot);
  await disaster.backup('opened');
  await propose(bot, incident, 1, 'account-only');
  await disaster.backup('proposed');
  await bot.type('sasha', security, 'lock wipes because of a drill of ours');
  await pressed(bot, 'otto', bot.action(approvals, 'otto', 'Approve'));
  expect(await wipeState(bot, incident)).toBe('approved');
  await disaster.backup('approved');
  during = (moment) => disaster.backup(`issuing-${moment}`);
  await bot.type('ines', security, 'unlock wipes because it is over');
  await pressed(bot, 'ada', bot.action(approvals, 'ada', 'Approve'));
  during = undefined;
  expect(await wipeState(bot, incident)).toBe('requested');
  await disaster.backup('requested');
  await bot.until(reaches(bot, incident, 'acknowledged'));
  await disaster.backup('acknowledged');
  await bot.advance(5);
});
afterAll(() => disaster.close());

async function askedOfExchange(bot: TestBot): Promise<number> {
  const rows = await labLedger(bot.world);
  return rows.filter(({ cmdlet }) => cmdlet === 'clear-mobile-device').length;
}

describe.each(['proposed', 'approved', 'issuing-before', 'issuing-after'])('of %s', (step) => {
  let bot: TestBot;
  beforeAll(async () => {
    bot = await disaster.restore(step);
  });

  it('it is not known, then read, and acknowledged as Exchange says, asked for once', async () => {
    await bot.until(reaches(bot, incident, 'acknowledged'), 30);
    const steps = await bot.db
      .selectFrom('wipeTransition')
      .innerJoin('wipe', 'wipe.id', 'wipeTransition.wipeId')
      .select(['wipeTransition.event', 'wipeTransition.toState'])
      .where('wipe.restoredAt', 'is not', null)
      .orderBy('wipeTransition.id')
      .execute();
    expect(steps.slice(-2)).toEqual([
      { event: 'request-proved', toState: 'requested' },
      { event: 'acknowledged', toState: 'acknowledged' },
    ]);
    await bot.advance(30);
    expect(await askedOfExchange(bot)).toBe(1);
  });

  it('wipes stay locked, and nothing waits', async () => {
    expect(await lockState(bot.db)).toMatchObject({ locked: true, cause: 'restore' });
    const open = await bot.db
      .selectFrom('approval')
      .select('id')
      .where('state', 'in', ['waiting', 'approved'])
      .execute();
    expect(open).toEqual([]);
  });
});

describe.each(['requested', 'acknowledged'])('of %s', (step) => {
  it('it is followed on', async () => {
    const bot = await disaster.restore(step);
    await bot.until(reaches(bot, incident, 'acknowledged'), 30);
    expect(await holdOf(bot, incident)).toBe('closed');
    expect(await askedOfExchange(bot)).toBe(1);
  });
});

describe('of the report alone', () => {
  it('the request is found, and whose it is is not known', async () => {
    const bot = await disaster.restore('opened');
    await bot.runner.settle();
    await bot.store.change((change) => change.enqueue('find-outside-wipes', { organisation: 'real' }, { key: 'real' }));
    await bot.until(() => bot.messagesIn(security).some((text) => text.includes('this store does not know')), 60);
    const said = bot.everything();
    expect(said).not.toContain('a wipe that did not come from Mislaid');
    expect(said).not.toContain('somebody else uses it');
    expect(await wipeState(bot, incident)).toBe('none');
  });
});

describe('of a wipe that did not go on', () => {
  let other: Disaster;
  beforeAll(async () => {
    other = await beforeDisaster();
  });
  afterAll(() => other.close());

  it('it is void, and not called "not asked"', async () => {
    const n = await lost(other.bot);
    await propose(other.bot, n, 1, 'account-only');
    await other.backup('waiting');
    await other.bot.type('hana', helpdesk, `withdraw INC-${n}`);
    const bot = await other.restore('waiting');
    expect(await wipeState(bot, n)).toBe('issuing');
    expect(card(bot, n)).toContain('Not known whether Exchange was asked: a backup was restored');
    expect(card(bot, n)).toContain('Whether it was approved is not known');
    await bot.until(reaches(bot, n, 'voided'), 30);
    expect(card(bot, n)).toContain('whether it was asked for meanwhile, and taken back, is not known');
    expect(await holdOf(bot, n)).toBe('open');
    expect(await askedOfExchange(bot)).toBe(0);
    // It can be asked for anew; nothing is issued while wipes are locked.
    await asked(bot, n, 1, 'account-only').catch(() => undefined);
    expect(await askedOfExchange(bot)).toBe(0);
  });
});
