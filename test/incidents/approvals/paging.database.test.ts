/** Who is written to about what waits: everybody, or by policy's rota one after the other; security when nobody decides. */
import { afterEach, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../src/policy.ts';
import { examplePolicy, type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost } from '../scenes.ts';

let bot: TestBot;
afterEach(() => bot.close());

const otto = 'otto@contoso.example';
const ada = 'ada@contoso.example';

async function open(rota: 'anyone' | string[], person = 'alice.ng', by = 'hana'): Promise<void> {
  bot = await testBot({ policy: { ...examplePolicy(), rota } });
  await lost(bot, person);
  await ask(bot, { by });
}

function askedPrivately(who: string): number {
  return bot.messagesIn(who).filter((text) => text.includes('Approve? INC-101')).length;
}

function unanswered(): string[] {
  return bot.messagesIn('#security').filter((text) => text.includes('nobody has decided on'));
}

describe('a rota of Ada and Otto', () => {
  it('asks Ada first, Otto when half of the time has passed, then security, and who asked reads it', async () => {
    await open([ada, otto]);
    expect([askedPrivately('ada'), askedPrivately('otto')]).toEqual([1, 0]);
    expect(bot.find('#helpdesk', 'Wipe proposed')).toMatch(/Asked: Ada Romero, [^;]*09:00\./);

    await bot.advance(14);
    expect(askedPrivately('otto')).toBe(0);
    await bot.advance(1);
    expect(askedPrivately('otto')).toBe(1);
    expect(unanswered()).toEqual([]);
    expect(bot.find('#helpdesk', 'Wipe proposed')).toMatch(/Asked: Ada Romero, .*09:00; Otto Lindqvist, .*09:15\./);

    await bot.advance(8);
    expect(unanswered()).toEqual([expect.stringMatching(/asked: Ada Romero, Otto Lindqvist\. It expires .*09:30/)]);
    expect(bot.messagesIn('sasha').filter((text) => text.includes('nobody has decided on'))).toHaveLength(1);
    await bot.advance(20);
    expect(unanswered()).toHaveLength(1);
  });

  it('lets Otto decide without being asked, and asks nobody more then', async () => {
    await open([ada, otto]);
    await approve(bot, 'otto');
    expect(await asked(bot)).toBe(1);
    await bot.advance(29);
    expect(askedPrivately('otto')).toBe(0);
    expect(unanswered()).toEqual([]);
  });

  it('passes over whose own phone it is about', async () => {
    await open([ada, otto], 'renee');
    await bot.type('hugo', '#helpdesk', 'lost device ada');
    await bot.click('hugo', '#helpdesk', 'Report the phone of Ada Romero');
    await ask(bot, { incident: 102, by: 'hugo' });
    expect(bot.messagesIn('otto').filter((text) => text.includes('Approve? INC-102'))).toHaveLength(1);
    expect(bot.messagesIn('ada').filter((text) => text.includes('Approve? INC-102'))).toHaveLength(0);
  });

  it('asks two at once for a VIP', async () => {
    await open([ada, otto], 'victoria');
    expect([askedPrivately('ada'), askedPrivately('otto')]).toEqual([1, 1]);
  });
});

it('a rota of which nobody may decide asks everybody who may', async () => {
  await open(['ines@contoso.example']);
  expect([askedPrivately('ada'), askedPrivately('otto')]).toEqual([1, 1]);
});

it('anyone is asked at once, and security when half of the time has passed', async () => {
  await open('anyone');
  expect([askedPrivately('ada'), askedPrivately('otto')]).toEqual([1, 1]);
  await bot.advance(14);
  expect(unanswered()).toEqual([]);
  await bot.advance(2);
  expect(unanswered()).toHaveLength(1);
});

it('a rota that names nobody who decides is refused', async () => {
  bot = await testBot();
  const policy = (rota: string) => `
people:
  - { name: Otto, mailbox: ${otto}, identities: ["console:otto"], roles: [approver] }
  - { name: Hana, mailbox: hana@contoso.example, identities: ["console:hana"], roles: [helpdesk] }
rota: ${rota}
`;
  expect(() => parsePolicy(policy('[hana@contoso.example]'), 'policy.yaml')).toThrow(/rota\.0: names nobody/);
  expect(() => parsePolicy(policy('[nobody@contoso.example]'), 'policy.yaml')).toThrow(/rota\.0: names nobody/);
  expect(parsePolicy(policy(`[${otto.toUpperCase()}]`), 'policy.yaml').rota).toHaveLength(1);
});
