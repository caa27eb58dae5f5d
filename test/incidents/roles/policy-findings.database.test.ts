/** What doctor and the start say of a policy that does not fit its directory. */

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLabMailbox } from '../../../src/exchange/lab/mailboxes.ts';
import {
  listedHolders,
  lookAlikes,
  policyDoubts,
  presentHolders,
  rightRows,
  storedDirectory,
} from '../../../src/incidents/roles/policy-findings.ts';
import { Policy } from '../../../src/policy.ts';
import { prefixesOf } from '../../../src/start/policy.ts';
import { namePolicyDoubts } from '../../../src/start/policy-doubts.ts';
import { examplePolicy, type TestBot, testBot } from '../../setup/bot.ts';
import { lost } from '../scenes.ts';

let bot: TestBot;
beforeAll(async () => {
  bot = await testBot();
});
afterAll(() => bot.close());

const example = examplePolicy();
const withPerson = (person: object, more: object = {}) =>
  Policy.parse({
    ...example,
    ...more,
    people: [...example.people, { name: 'Zoe', identities: ['console:zoe'], ...person }],
  });
const said = async (policy: Policy, prefixes = ['console']) =>
  (await policyDoubts(policy, { knows: await storedDirectory(bot.db, 'lab'), prefixes })).map(
    ({ check, found }) => `${check}: ${found}`,
  );

describe('named are', () => {
  it('nobody, of the example', async () => {
    expect(await said(example)).toEqual([]);
  });

  it('a VIP whom nobody knows', async () => {
    expect(
      await said(Policy.parse({ ...example, vip: ['victorya@contoso.example', 'victoria@contoso.example'] })),
    ).toEqual(['VIPs: the directory knows nobody called victorya@contoso.example']);
  });

  it('an approver who has no mailbox, and a second mailbox that is none', async () => {
    expect(await said(withPerson({ mailbox: 'zoe@contoso.example', roles: ['approver'] }))).toEqual([
      'mailbox of Zoe: the directory knows no zoe@contoso.example',
    ]);
    expect(
      await said(withPerson({ mailbox: ['karl@contoso.example', 'adm-karl@contoso.example'], roles: ['approver'] })),
    ).toEqual(['mailbox of Zoe: the directory knows no adm-karl@contoso.example']);
  });

  it('people with roles whose accounts are only of a platform that is not connected', async () => {
    const platforms = prefixesOf({ platforms: ['slack'] });
    expect(await said(example, platforms)).toContain(
      'accounts of Otto: only of chat platforms that are not connected: console:otto',
    );
    expect(await said(example, platforms)).toHaveLength(6);
  });
});

it('the lab is known before it was seeded', () => {
  for (const name of ['victoria@contoso.example', 'Ada@mail.contoso.example', 'otto'])
    expect(isLabMailbox(name)).toBe(true);
  for (const name of ['victorya@contoso.example', 'ada@fabrikam.example', 'nobody'])
    expect(isLabMailbox(name)).toBe(false);
});

describe('a right that fewer than three hold', () => {
  it('is warned of, and fails with one alone; who is suspended does not count', async () => {
    const rows = rightRows(listedHolders(example));
    expect(rows.map(({ check, ok, found, remedy }) => [check, ok, found, remedy !== undefined])).toEqual([
      ['people who can approve wipes', true, '2: Otto and Ada', true],
      ['people who can give roles back', true, '3: Ada, Ines and Sasha', false],
      ['people who can unlock wipes', true, '2: Ada and Ines', true],
    ]);
    await lost(bot, 'ada');
    const now = rightRows(await presentHolders(bot.db, example, 'lab', bot.clock.now()));
    expect(now.map(({ ok, found }) => [ok, found])).toEqual([
      [false, '1: Otto Lindqvist'],
      [true, '2: Sasha Petrov and Ines Duarte'],
      [false, '1: Ines Duarte'],
    ]);
  });
});

it('one human who looks like two is hinted at', async () => {
  await bot.db
    .insertInto('person')
    .columns([
      'guid',
      'organisation',
      'displayName',
      'alias',
      'upn',
      'primarySmtp',
      'addresses',
      'department',
      'phones',
      'managerName',
      'mailboxType',
      'refreshedAt',
      'gone',
    ])
    .values({
      guid: 'guid-adm-otto',
      organisation: 'lab',
      displayName: 'Lindqvist, Otto (Admin)',
      alias: 'adm-otto',
      upn: 'adm-otto@contoso.example',
      primarySmtp: 'adm-otto@contoso.example',
      addresses: '["adm-otto@contoso.example"]',
      department: '',
      phones: '[]',
      managerName: '',
      mailboxType: 'user',
      refreshedAt: bot.clock.now(),
      gone: false,
    })
    .execute();
  expect(await lookAlikes(bot.db, example, 'lab')).toMatchObject([
    { check: 'mailboxes of Otto', found: 'adm-otto@contoso.example may be of the same human' },
  ]);
});

it('a start tells security and the admins once, and waits for a directory', async () => {
  const parts = {
    db: bot.db,
    store: bot.store,
    log: pino({ level: 'silent' }),
    organisation: 'lab',
    prefixes: ['console'],
  } as const;
  const policy = Policy.parse({ ...example, vip: ['victorya@contoso.example'] });
  expect(await namePolicyDoubts({ ...parts, organisation: 'real' }, policy)).toBe(false);
  for (let start = 0; start < 2; start += 1) expect(await namePolicyDoubts(parts, policy)).toBe(true);
  await bot.advance(0);
  for (const where of ['#security', 'sasha', 'ines'])
    expect(bot.messagesIn(where).filter((text) => text.includes('victorya'))).toHaveLength(1);
});
