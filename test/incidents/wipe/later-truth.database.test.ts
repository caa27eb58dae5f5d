/** Answers of Exchange that are empty, late or missing: what ended by them is taken up again when Exchange shows it after all. */
import { afterEach, describe, expect, it } from 'vitest';
import { type TestBot, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, wipeStates } from '../scenes.ts';

const device = 'get-mobile-device';
const statistics = 'get-mobile-device-statistics';

let bot: TestBot;
/** What reads answer; by default what the lab says. */
let read: (cmdlet: string, rows: readonly unknown[]) => readonly unknown[] = (_cmdlet, rows) => rows;
afterEach(async () => {
  read = (_cmdlet, rows) => rows;
  await bot.close();
});

async function open(options: Parameters<typeof testBot>[0] = {}): Promise<void> {
  bot = await testBot({ ...options, onRead: (cmdlet, rows) => read(cmdlet, rows) });
  await lost(bot, 'alice.ng');
}

/** The phone stays away, so that only what is read matters. */
async function phoneIsOff(): Promise<void> {
  await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
}

async function wipe(): Promise<void> {
  await ask(bot, { incident: 101, device: 1 });
  await approve(bot, 'otto');
}

const hidden =
  (...cmdlets: string[]): typeof read =>
  (cmdlet, rows) =>
    cmdlets.includes(cmdlet) ? [] : rows;
const without =
  (...properties: string[]): typeof read =>
  (_cmdlet, rows) =>
    rows.map((row) => ({
      ...(row as Record<string, unknown>),
      ...Object.fromEntries(properties.map((property) => [property, null])),
    }));

describe('a wipe that Exchange took', () => {
  it('does not end by empty answers of one list, and its acknowledgement is said', async () => {
    await open();
    await wipe();
    read = hidden(device);
    await bot.advance(30);

    expect(await wipeStates(bot)).toEqual(['acknowledged']);
  });

  it('does not end by empty answers of both lists for a few minutes', async () => {
    await open();
    await phoneIsOff();
    await wipe();
    await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 5);
    read = hidden(device, statistics);
    await bot.advance(4);

    expect(await wipeStates(bot)).toEqual(['requested']);
    expect((await ask(bot, { incident: 101, device: 1 })).text).not.toContain('Approve');
  });

  it('is taken up again when the partnership comes back with its request', async () => {
    await open();
    await phoneIsOff();
    await wipe();
    await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 5);
    read = hidden(device, statistics);
    await bot.until(async () => (await wipeStates(bot))[0] === 'partnership-removed', 60);
    read = (_cmdlet, rows) => rows;
    await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 60);

    expect(bot.messagesIn('#helpdesk').join()).toContain('Exchange holds the wipe of phone 1 after all');
    expect(await asked(bot)).toBe(1);
  });

  it('is taken up again when its request appears after it was called not asked, and its incident opens again', async () => {
    let lose = true;
    await open({
      onChange: async (_cmdlet, moment) => {
        if (lose && moment === 'after') throw new Error('The pipeline has been stopped.');
      },
    });
    await phoneIsOff();
    read = without('AccountOnlyDeviceWipeRequestTime', 'Status');
    await wipe();
    await bot.until(async () => (await wipeStates(bot))[0] === 'not-asked', 60);
    lose = false;
    await bot.type('hana', '#helpdesk', 'close INC-101 because found in the car');
    read = (_cmdlet, rows) => rows;
    await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 60);

    expect(await bot.db.selectFrom('incident').select('state').execute()).toEqual([{ state: 'open' }]);
    expect(bot.messagesIn('#security').join()).toContain('after all');
    expect(await asked(bot)).toBe(1);
  });

  it('asks a person to look when Exchange says for hours nothing that can be read', async () => {
    await open();
    await phoneIsOff();
    await wipe();
    await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 5);
    read = (cmdlet, rows) => {
      if (cmdlet === statistics) throw new Error('The operation could not be performed.');
      return rows;
    };
    await bot.advance(150);

    expect(await wipeStates(bot)).toEqual(['requested']);
    expect(bot.messagesIn('#security').filter((line) => line.includes('has not said for two hours'))).toHaveLength(1);
  });
});

describe('a wipe that was approved', () => {
  const property =
    (name: string, value: unknown): typeof read =>
    (cmdlet, rows) =>
      cmdlet === device || cmdlet === statistics
        ? rows.map((row) => ({ ...(row as Record<string, unknown>), [name]: value }))
        : rows;

  /** What reads answer between the approval and the request. */
  async function approved(answer: typeof read): Promise<void> {
    await open();
    await ask(bot, { incident: 101, device: 1 });
    read = answer;
    await approve(bot, 'otto');
  }

  it.each([
    ['both lists are empty', hidden(device, statistics)],
    ['one list is empty', hidden(statistics)],
    ['the first sync is not told', property('FirstSyncTime', null)],
    ['a wipe time cannot be read', property('DeviceWipeRequestTime', 'soon')],
    ['the client type cannot be read', property('ClientType', 7)],
    ['the client version is not told', property('ClientVersion', null)],
    ['the access state is not told', property('DeviceAccessState', '')],
  ])('is neither void nor lost where %s for some minutes', async (_what, answer) => {
    await approved(answer);
    await bot.advance(3);
    expect(await wipeStates(bot)).not.toContain('voided');
    read = (_cmdlet, rows) => rows;
    await bot.until(async () => (await asked(bot)) === 1, 30);

    expect(bot.messagesIn('#helpdesk').join()).not.toMatch(/void|not issued/i);
  });

  it('ends when the partnership is known to be gone, and says so', async () => {
    await approved(hidden(device, statistics));
    await bot.until(async () => (await wipeStates(bot))[0] === 'voided', 30);

    expect(bot.messagesIn('#helpdesk').join()).toContain('Exchange no longer has this partnership');
    expect(await asked(bot)).toBe(0);
  });
});

describe('phones of an incident', () => {
  it('that one list does not show keep their place, and the disagreement is said', async () => {
    await open();
    read = hidden(statistics);
    await bot.advance(5);

    const card = bot.find('#helpdesk', 'Lost device');
    expect(card).toContain("Exchange's lists disagree");
    expect(card).not.toContain('No phone syncs');
  });

  it('are not sorted as dead where Exchange does not report when Outlook synced: before those that are silent for months', async () => {
    read = (cmdlet, rows) =>
      cmdlet !== statistics
        ? rows
        : rows.map((row) => {
            const { DeviceType } = row as { DeviceType: string };
            const times = { LastSuccessSync: null, LastSyncAttemptTime: null };
            return DeviceType.startsWith('Outlook') ? { ...(row as object), ...times } : row;
          });
    await open({ capabilities: { version: 'online' } });

    const rows = await bot.db.selectFrom('incidentDevice').select('facts').orderBy('number').execute();
    expect(rows.map(({ facts }) => facts.name)).toEqual(['iPhone 15', 'Outlook for Android', 'Galaxy S9']);
  });

  it('are not said to be none where Exchange did not answer whole', async () => {
    bot = await testBot({
      onRead: (cmdlet, rows) => (cmdlet === device || cmdlet === statistics ? [{ Guid: 7 }] : rows),
    });
    await lost(bot, 'alice.ng');

    expect(bot.find('#helpdesk', 'Lost device')).not.toContain('No phone syncs');
    await bot.type('hana', '#helpdesk', 'devices alice.ng');
    expect(bot.messagesIn('hana').join()).toContain('not known whether a phone syncs');
  });
});
