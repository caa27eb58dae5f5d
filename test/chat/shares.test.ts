import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Incoming } from '../../src/chat/port.ts';
import { FairShares, fairShares, type ShareLimits } from '../../src/chat/shares.ts';
import { Policy } from '../../src/policy.ts';

const policy = Policy.parse({
  people: [
    { name: 'Otto', mailbox: 'otto@x', identities: ['slack:T1/OTTO'], roles: ['approver'] },
    { name: 'Hana', mailbox: 'hana@x', identities: ['slack:T1/HANA'], roles: ['helpdesk'] },
  ],
});
const limits: ShareLimits = { perPerson: 3, perDecider: 6, perPlace: 6, locks: 2 };

function shares() {
  let now = 0;
  const fair = new FairShares({ limits, now: () => now, policy: () => policy });
  const said = (who: string, text: string, place?: string) =>
    fair.take(incoming(who, { kind: 'sentence', text }, place)).kind;
  return { fair, said, later: (milliseconds: number) => (now += milliseconds) };
}

function incoming(who: string, input: Incoming['input'], place?: string): Incoming {
  const sender = { identity: `slack:T1/${who}`, displayName: who };
  return { eventKey: 'event', sender, input, ...(place === undefined ? {} : { place }) };
}

it('a person has a share of a minute, and the others theirs', () => {
  const { said, later } = shares();
  expect(['', '', '', ''].map(() => said('HANA', 'help'))).toEqual(['in', 'in', 'in', 'over']);
  expect(said('BOB', 'help')).toBe('in');
  later(60_000);
  expect(said('HANA', 'help')).toBe('in');
});

it('whoever decides has more, and clicks are counted beside sentences', () => {
  const { said, fair } = shares();
  const press = () => fair.take(incoming('OTTO', { kind: 'click', action: 'a' })).kind;
  for (let count = 0; count < 6; count += 1) expect([said('OTTO', 'approvals'), press()]).toEqual(['in', 'in']);
  expect([said('OTTO', 'approvals'), press()]).toEqual(['over', 'over']);
});

it.each(['lock wipes', 'LOCK all wipes because he said so', 'stop all wipes', ' halt wipes'])(
  '%j has room of its own, whatever else was said',
  (text) => {
    const { said } = shares();
    for (let count = 0; count < 50; count += 1) said('OTTO', 'help');
    expect([said('OTTO', text), said('OTTO', text), said('OTTO', text)]).toEqual(['in', 'in', 'over']);
  },
);

it('what only looks like it has not', () => {
  const { said } = shares();
  for (let count = 0; count < 3; count += 1) said('BOB', 'unlock wipes because x');
  for (const text of ['unlock wipes', 'please lock wipes', 'lock wipesx', 'lock'])
    expect(said('BOB', text)).toBe('over');
});

it('a place is divided among its speakers: who said little gets in when it is full', () => {
  const { said } = shares();
  for (const who of ['A', 'B'])
    for (let count = 0; count < 3; count += 1) expect(said(who, 'x', 'slack:T1/C1')).toBe('in');
  expect(said('C', 'x', 'slack:T1/C1')).toBe('in');
  expect(said('C', 'x', 'slack:T1/C1')).toBe('in');
  expect(said('C', 'x', 'slack:T1/C1')).toBe('over');
  expect(said('OTTO', 'x', 'slack:T1/C1')).toBe('in');
});

it('says so once in a minute, with the limit, until when and what always works', () => {
  const { fair, later } = shares();
  const take = () => fair.take(incoming('HANA', { kind: 'sentence', text: 'x' }));
  for (let count = 0; count < 3; count += 1) take();
  later(20_000);
  expect(take()).toMatchObject({
    userMessage:
      'That is more than 3 in a minute, so I stored nothing of it and do nothing for 40 seconds. Then say again what matters. "lock wipes" always works.',
  });
  expect(take()).toEqual({ kind: 'over', userMessage: undefined });
});

it('are stated in docs/policy.md', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/policy.md'), 'utf8');

  for (const most of Object.values(fairShares)) expect(docs).toMatch(new RegExp(`\\| ${most} \\|`));
});
