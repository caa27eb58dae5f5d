/** Exchange contradicts itself, others, or its own clock after it was asked: what is said of the wipe stays true. */
import { afterEach, describe, expect, it } from 'vitest';
import { setLabAvailable } from '../../../src/exchange/lab/operations.ts';
import { labMailboxGuid } from '../../../src/exchange/lab/seed.ts';
import { type TestBot, type TestBotOptions, testBot } from '../../setup/bot.ts';
import { approve, ask, asked, lost, pressed, wipeStates } from '../scenes.ts';

type Row = Record<string, unknown>;
type Read = NonNullable<TestBotOptions['onRead']>;

const statistics = 'get-mobile-device-statistics';
let bot: TestBot;
let read: Read = (_cmdlet, rows) => rows;
afterEach(async () => {
  read = (_cmdlet, rows) => rows;
  await bot.close();
});

async function open(options: TestBotOptions = {}): Promise<void> {
  bot = await testBot({ ...options, onRead: (cmdlet, rows) => read(cmdlet, rows) });
  await lost(bot, 'alice.ng');
}

/** The phone stays away, so that only what is read matters. */
async function phoneIsOff(): Promise<void> {
  await bot.db.updateTable('labDevice').set({ nextContactAt: null }).execute();
}

async function wiped(): Promise<void> {
  await ask(bot);
  await approve(bot, 'otto');
  await bot.until(async () => (await wipeStates(bot))[0] === 'requested', 5);
}

const bent =
  (change: (row: Row) => Row): Read =>
  (cmdlet, rows) =>
    cmdlet === statistics ? rows.map((row) => change({ ...(row as Row) })) : rows;
const nothing: Read = (cmdlet, rows) => (cmdlet === statistics || cmdlet === 'get-mobile-device' ? [] : rows);
const helpdesk = () => bot.messagesIn('#helpdesk').join('\n--\n');
const holds = async () => (await bot.db.selectFrom('incident').select('hold').execute()).map(({ hold }) => hold);
const seconds = (time: unknown, by: number) =>
  time === null ? null : new Date(new Date(String(time)).getTime() + by * 1_000).toISOString();
const written = (time: unknown) => (time instanceof Date ? time.toISOString() : time);

describe('clocks that differ', () => {
  it.each([-2, -50, 50])(
    'by %d seconds keep nobody from knowing that Exchange was asked, nor of the acknowledgement',
    async (by) => {
      await open();
      read = bent((row) => ({
        ...row,
        AccountOnlyDeviceWipeRequestTime: seconds(written(row.AccountOnlyDeviceWipeRequestTime), by),
        AccountOnlyDeviceWipeSentTime: seconds(written(row.AccountOnlyDeviceWipeSentTime), by),
        AccountOnlyDeviceWipeAckTime: seconds(written(row.AccountOnlyDeviceWipeAckTime), by),
      }));
      await ask(bot);
      await approve(bot, 'otto');
      await bot.advance(30);

      expect(await wipeStates(bot)).toEqual(['acknowledged']);
      expect(helpdesk()).not.toContain('not by Mislaid');
    },
  );
});

describe('an acknowledgement', () => {
  it('from before the request was made is not of this one, and closes no hold', async () => {
    await open();
    await phoneIsOff();
    const old = new Date(bot.clock.now().getTime() - 30 * 86_400_000).toISOString();
    read = bent((row) => ({ ...row, AccountOnlyDeviceWipeSentTime: old, AccountOnlyDeviceWipeAckTime: old }));
    read = (
      (bend) => (cmdlet: string, rows: readonly unknown[]) =>
        bend(cmdlet, rows).map((row, index) =>
          (row as Row).AccountOnlyDeviceWipeRequestTime === null ? rows[index] : row,
        )
    )(read);
    await wiped();
    await bot.advance(10);

    expect(await wipeStates(bot)).toEqual(['requested']);
    expect(await holds()).toEqual(['open']);
  });

  it('of an account-only wipe promises the work account, not the phone', async () => {
    await open();
    await wiped();
    await bot.until(async () => (await wipeStates(bot))[0] === 'acknowledged', 60);

    expect(helpdesk()).toContain('It removes the work account after this');
    expect(helpdesk()).not.toContain('erases itself after');
  });

  it('that came before somebody gives the wipe up is said, and is not called given up', async () => {
    await open();
    await phoneIsOff();
    await wiped();
    await bot.type('hana', '#helpdesk', 'give up INC-101 1');
    const now = bot.clock.now();
    await bot.db
      .updateTable('labDevice')
      .set({ accountWipeSentTime: now, accountWipeAckTime: now })
      .where('accountWipeRequestTime', 'is not', null)
      .execute();
    await bot.submit('hana', '#helpdesk', { reason: 'In the other coat', how: 'In person' });

    expect(await wipeStates(bot)).toEqual(['acknowledged']);
    expect(helpdesk()).toContain('Too late: phone 1 has acknowledged the wipe.');
    expect(helpdesk()).not.toContain('will still be erased');
  });
});

describe('a cancel', () => {
  const cancel = async () => {
    await bot.type('hana', '#helpdesk', 'cancel wipe INC-101 1');
    await bot.submit('hana', '#helpdesk', { reason: 'In the other coat', how: 'In person' });
  };

  it('that met the hand-over is not said to have worked: the phone was told, although the request time is gone', async () => {
    await open();
    await phoneIsOff();
    await wiped();
    const now = bot.clock.now().toISOString();
    read = bent((row) =>
      String(row.DeviceType) === 'iPhone'
        ? { ...row, AccountOnlyDeviceWipeSentTime: now, Status: 'AccountOnlyDeviceWipePending' }
        : row,
    );
    await cancel();
    await bot.advance(1);

    expect(await wipeStates(bot)).toEqual(['sent']);
    expect(await holds()).toEqual(['open']);
    expect(helpdesk()).toContain('Too late to cancel');
  });

  it('that one late answer proved is taken back when Exchange shows the request again, and its end is said', async () => {
    await open();
    await phoneIsOff();
    await wiped();
    const guid = await bot.db
      .selectFrom('labDevice')
      .select(['guid', 'accountWipeRequestTime'])
      .where('accountWipeRequestTime', 'is not', null)
      .executeTakeFirstOrThrow();
    const set = (values: { accountWipeRequestTime?: Date | null; accountWipeAckTime?: Date }) =>
      bot.db.updateTable('labDevice').set(values).where('guid', '=', guid.guid).execute();
    await cancel();
    expect(await wipeStates(bot)).toEqual(['cancelled']);
    await set({ accountWipeRequestTime: guid.accountWipeRequestTime });
    await bot.advance(5);

    expect(await wipeStates(bot)).toEqual(['requested']);
    expect(bot.messagesIn('#security').join()).toContain('Exchange holds the wipe of phone 1 after all');
    await set({ accountWipeAckTime: bot.clock.now() });
    await bot.advance(5);
    expect(helpdesk()).toContain("Alice's phone 1 acknowledged the wipe.");
    expect(await asked(bot)).toBe(1);
  });
});

describe('a request that is on its way', () => {
  it('and that somebody else takes back in Exchange is said, once, with what to do', async () => {
    await open();
    await phoneIsOff();
    await wiped();
    await bot.db.updateTable('labDevice').set({ accountWipeRequestTime: null }).execute();
    await bot.advance(45);

    expect(helpdesk()).toContain('✘ Exchange does not show this request any more');
    expect(bot.messagesIn('#security').filter((line) => line.includes('no longer shows the request'))).toHaveLength(1);
    expect(bot.messagesIn('#security').join()).not.toContain('not reached for');
    expect(await holds()).toEqual(['open']);
  });

  it('is not called "not reached" while Exchange does not say how it stands', async () => {
    await open();
    await phoneIsOff();
    await wiped();
    await setLabAvailable(bot.db, false);
    await bot.advance(45);

    expect(bot.messagesIn('#security').join()).toMatch(/phone 1 not known for \d+ minutes whether it was reached/);
    expect(bot.everything()).not.toMatch(/not reached (for|since)/i);
    expect(helpdesk()).toContain('Not known whether it was reached: Exchange has not said since');
  });
});

describe('absence', () => {
  it('that was counted before Exchange was asked ends nothing after it', async () => {
    let cleared = false;
    await open({
      onChange: async (cmdlet, moment) => {
        cleared ||= cmdlet === 'clear-mobile-device' && moment === 'after';
      },
    });
    await phoneIsOff();
    await ask(bot);
    read = nothing;
    await approve(bot, 'otto');
    await bot.advance(5);
    read = (cmdlet, rows) => (cleared ? nothing(cmdlet, rows) : rows);
    await bot.advance(3);

    expect(await asked(bot)).toBe(1);
    expect(await wipeStates(bot)).toEqual(['issuing']);
  });
});

describe('a state of Exchange that its times do not explain', () => {
  it.each(['DeviceWipePending', 'AccountOnlyDeviceWipeSucceeded'])(
    '(%s) is shown, and nothing is decided on it',
    async (Status) => {
      read = bent((row) => ({ ...row, Status }));
      await open();

      expect(helpdesk()).toContain(`Exchange gives its state as ${Status}, and shows no wipe`);
      expect((await ask(bot, { scope: 'full' })).text).toContain('what it holds for it is not known');
    },
  );
});

describe('a phone that the inventory knows as somebody else’s', () => {
  it('is shown where Exchange lists it as the owner’s, and nothing is decided on it', async () => {
    bot = await testBot();
    await bot.store.change((change) => change.enqueue('watch-apps', { organisation: 'lab' }, { key: 'start' }));
    await bot.advance(1);
    const of = labMailboxGuid('alice.ng');
    const moved = await bot.db
      .updateTable('mobileDevice')
      .set({ personGuid: labMailboxGuid('bob') })
      .where('personGuid', '=', of)
      .returning('guid')
      .execute();
    expect(moved.length).toBeGreaterThan(0);
    await lost(bot, 'alice.ng');

    expect(helpdesk()).toContain('iPhone 15');
    expect((await ask(bot, { scope: 'full' })).text).toContain('disagree or cannot be read');
    expect(await wipeStates(bot)).toEqual([]);
  });
});

describe('the hold', () => {
  it('stays while Exchange holds an unfinished wipe that somebody else asked for, and closes with it', async () => {
    await open();
    await wiped();
    const asked = new Date(bot.clock.now().getTime() + 1_000).toISOString();
    let acknowledged: string | null = null;
    read = bent((row) =>
      row.AccountOnlyDeviceWipeRequestTime === null
        ? row
        : {
            ...row,
            DeviceWipeRequestTime: asked,
            LastDeviceWipeRequestor: 'exo-admin@contoso.example',
            DeviceWipeAckTime: acknowledged,
          },
    );
    await bot.until(async () => (await wipeStates(bot))[0] === 'acknowledged', 60);
    await bot.advance(30);

    expect(await holds()).toEqual(['open']);
    expect(helpdesk()).toContain('Exchange still holds a full wipe of phone 1, asked for by exo-admin@contoso.example');
    expect(helpdesk()).not.toContain('The password may be reset now');

    acknowledged = bot.clock.now().toISOString();
    await bot.until(async () => (await holds())[0] === 'closed', 60);
    expect(helpdesk()).toContain('The password may be reset now');
  });

  it('closes once the partnership with that request is removed, with a second person’s word', async () => {
    await open();
    await wiped();
    const asked = new Date(bot.clock.now().getTime() + 1_000).toISOString();
    read = bent((row) =>
      row.AccountOnlyDeviceWipeRequestTime === null
        ? row
        : { ...row, DeviceWipeRequestTime: asked, LastDeviceWipeRequestor: 'exo-admin@contoso.example' },
    );
    await bot.until(async () => (await wipeStates(bot))[0] === 'acknowledged', 60);
    await bot.advance(30);
    expect(await holds()).toEqual(['open']);

    await bot.type('hana', '#helpdesk', 'remove device INC-101 1');
    await pressed(bot, 'otto', bot.action('#approvals', 'otto', 'Approve'));

    expect(helpdesk()).toContain('The partnership of phone 1 is removed');
    expect(await holds()).toEqual(['closed']);
    expect(helpdesk()).toContain('The password may be reset now');
  });
});
