import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clearMobileDevice } from '../../src/exchange/cmdlets/clear-mobile-device.ts';
import { getMobileDevice } from '../../src/exchange/cmdlets/get-mobile-device.ts';
import { listMailboxes } from '../../src/exchange/cmdlets/list-mailboxes.ts';
import { labCapabilities } from '../../src/exchange/lab/capabilities.ts';
import {
  type Capabilities,
  type CmdletArguments,
  defineCmdlet,
  ExchangeError,
  type Unreadable,
} from '../../src/exchange/port.ts';
import { createExchange } from '../../src/exchange/run.ts';
import { CmdletFailure, type Transport, type TransportCmdlet } from '../../src/exchange/transport.ts';

const device = '11111111-1111-4111-8111-111111111111';

type Call = { cmdlet: TransportCmdlet; args: CmdletArguments; deadlineMs: number };

let calls: Call[];
let answer: () => readonly unknown[];

function exchangeWith(capabilities: Partial<Capabilities> = {}) {
  const transport: Transport = {
    call: async (cmdlet, args, { deadlineMs }) => {
      calls.push({ cmdlet, args, deadlineMs });
      return answer();
    },
    capabilities: async () => ({ ...labCapabilities, ...capabilities }),
  };
  return createExchange({ organisation: 'real', transport });
}

beforeEach(() => {
  calls = [];
  answer = () => [];
});

describe('the front of every Exchange', () => {
  it('takes rows page after page, and none of a try that was begun anew', async () => {
    const row = (digit: number) => ({ ExchangeGuid: device.replaceAll('1', String(digit)), Guid: device });
    const odd = { ExchangeGuid: 'nobody', Guid: device };
    const unreadable: Unreadable[] = [];
    const transport: Transport = {
      call: async (_cmdlet, _args, { pages }) => {
        pages?.begin();
        await pages?.take([row(1), odd]);
        pages?.begin();
        await pages?.take([row(2), row(3)]);
        await pages?.take([row(4)]);
        return [];
      },
      capabilities: async () => labCapabilities,
    };
    const exchange = createExchange({ organisation: 'real', transport });
    const read = await exchange.run(listMailboxes, {}, { onUnreadable: (one) => unreadable.push(one) });
    expect(read.map(({ guid }) => guid.charAt(0))).toEqual(['2', '3', '4']);
    expect(unreadable).toEqual([]);
  });

  it('sends what was parsed: GUIDs in lower case, nothing that is undefined', async () => {
    await exchangeWith().run(clearMobileDevice, {
      Identity: 'AAAAAAAA-1111-4111-8111-111111111111',
      AccountOnly: undefined,
    });
    expect(calls).toMatchObject([
      { cmdlet: { name: 'Clear-MobileDevice', fixed: { Confirm: false }, effect: 'destroy' }, deadlineMs: 90_000 },
    ]);
    expect(calls[0]?.args).toEqual({ Identity: 'aaaaaaaa-1111-4111-8111-111111111111' });
  });

  it('never drops a parameter that is not offered, and sends nothing instead', async () => {
    const without = { ...labCapabilities.cmdlets, 'Clear-MobileDevice': ['Identity', 'Cancel', 'Confirm'] };
    const exchange = exchangeWith({ cmdlets: without });
    await expect(exchange.run(clearMobileDevice, { Identity: device, AccountOnly: true })).rejects.toMatchObject({
      code: 'exchange-refused-unsent',
      reached: 'no',
      message: expect.stringContaining('-AccountOnly'),
    });
    expect(calls).toEqual([]);
    await exchange.run(clearMobileDevice, { Identity: device });
    expect(calls).toHaveLength(1);
  });

  it('refuses a cmdlet that is not offered, whatever its name', async () => {
    await expect(exchangeWith({ cmdlets: {} }).run(listMailboxes, {})).rejects.toMatchObject({
      code: 'exchange-refused-unsent',
    });
    const odd = defineCmdlet({
      id: 'constructor',
      name: 'constructor',
      effect: 'read',
      params: z.strictObject({}),
      select: [],
      row: z.never(),
      simulate: async () => [],
    });
    await expect(exchangeWith().run(odd, {})).rejects.toMatchObject({ code: 'exchange-refused-unsent' });
    expect(calls).toEqual([]);
  });

  it('sends nothing once it was told to stop', async () => {
    const signal = AbortSignal.abort();
    await expect(exchangeWith().run(clearMobileDevice, { Identity: device }, { signal })).rejects.toMatchObject({
      code: 'exchange-away',
      reached: 'no',
    });
    expect(calls).toEqual([]);
  });

  it('drops devices that nobody asked for', async () => {
    const nulls = Object.fromEntries(getMobileDevice.select.map((property) => [property, null]));
    const row = (guid: string) => ({ ...nulls, Guid: guid, Name: 'iPhone§X', ClientVersion: '161' });
    answer = () => [row('22222222-2222-4222-8222-222222222222'), row(device.toUpperCase())];
    const exchange = exchangeWith();
    expect(await exchange.run(getMobileDevice, { Identity: device })).toMatchObject([
      { guid: device, clientVersion: 161 },
    ]);
    expect(await exchange.run(getMobileDevice, { Mailbox: 'alice' })).toHaveLength(2);
  });

  it('does not trust rows of another shape, and shows none of their values', async () => {
    answer = () => [{ Guid: 'secret-of-alice' }];
    const failure = await exchangeWith()
      .run(getMobileDevice, { Mailbox: 'alice' })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'exchange-bad-answer', reached: 'no' });
    expect(String(failure)).not.toContain('secret-of-alice');
  });

  it.each([
    ['Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException', 'exchange-not-found', 'refused'],
    [
      'Deserialized.Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException',
      'exchange-not-found',
      'refused',
    ],
    ['Microsoft.Exchange.AirSync.MobileDeviceNotExistException', 'exchange-device-not-in-mailbox', 'refused'],
    ['System.Management.Automation.CommandNotFoundException', 'exchange-refused', 'perhaps'],
    ['System.Management.Automation.ParameterBindingException', 'exchange-refused', 'perhaps'],
    ['System.UnauthorizedAccessException', 'exchange-refused', 'perhaps'],
    ['Microsoft.Exchange.Data.Directory.OverBudgetException', 'exchange-throttled', 'perhaps'],
    ['Microsoft.Exchange.Data.Storage.StorageTransientException', 'exchange-away', 'perhaps'],
    ['Some.New.Exception', 'exchange-refused', 'perhaps'],
  ])('understands %s', async (type, code, reached) => {
    answer = () => {
      throw new CmdletFailure({
        type,
        errorId: 'X',
        category: 'NotSpecified',
        message: 'irgendein Text',
        fromServer: true,
      });
    };
    const exchange = exchangeWith();
    await expect(exchange.run(clearMobileDevice, { Identity: device })).rejects.toMatchObject({ code, reached });
    // A read has no effect that could be half-way.
    await expect(exchange.run(listMailboxes, {})).rejects.toMatchObject({ code, reached: 'no' });
  });

  it('takes no name for a verdict that the server did not give itself', async () => {
    answer = () => {
      const type = 'ManagementObjectNotFoundException';
      throw new CmdletFailure({ type, errorId: 'X', category: 'X', message: 'weg', fromServer: false });
    };

    const call = exchangeWith().run(clearMobileDevice, { Identity: device });

    await expect(call).rejects.toMatchObject({ code: 'exchange-not-found', reached: 'perhaps' });
  });

  it('counts what is not an answer as perhaps done, unless the transport knows better', async () => {
    const exchange = exchangeWith();
    answer = () => {
      throw new Error('socket hang up');
    };
    await expect(exchange.run(clearMobileDevice, { Identity: device })).rejects.toMatchObject({
      code: 'exchange-away',
      reached: 'perhaps',
    });
    const known = new ExchangeError({
      code: 'exchange-timeout',
      reached: 'no',
      message: 'never sent',
      userMessage: '',
    });
    answer = () => {
      throw known;
    };
    await expect(exchange.run(clearMobileDevice, { Identity: device })).rejects.toBe(known);
  });
});

describe('an odd row', () => {
  const good = { ExchangeGuid: device, Guid: device, DisplayName: 'Alice' };

  async function mailboxesOf(rows: readonly unknown[]) {
    const unreadable: Unreadable[] = [];
    answer = () => rows;
    const exchange = exchangeWith();
    const read = await exchange.run(listMailboxes, {}, { onUnreadable: (one) => unreadable.push(one) });
    return { read, unreadable };
  }

  it.each([
    ['without its identity', { ...good, ExchangeGuid: null }],
    ['with another identity than a GUID', { ...good, ExchangeGuid: 'alice' }],
    ['with a list for an identity', { ...good, ExchangeGuid: [device, device] }],
  ])('%s is left out and told of, and the others are read', async (_, odd) => {
    const { read, unreadable } = await mailboxesOf([odd, good]);

    expect(read.map(({ displayName }) => displayName)).toEqual(['Alice']);
    expect(unreadable).toEqual([{ cmdlet: 'Get-Mailbox', properties: ['ExchangeGuid'], rowLost: true }]);
  });

  it.each([
    ['AccountDisabled', 'perhaps'],
    ['AccountDisabled', { no: 'thing' }],
    ['DisplayName', [1, 2]],
    ['EmailAddresses', { a: {} }],
  ])('costs no more than its property %s', async (property, value) => {
    const { read, unreadable } = await mailboxesOf([{ ...good, [property]: value }]);

    expect(read).toMatchObject([{ guid: device, unreadable: [property] }]);
    expect(unreadable).toEqual([{ cmdlet: 'Get-Mailbox', properties: [property], rowLost: false }]);
  });

  it('alone is no empty answer', async () => {
    answer = () => [{ ...good, ExchangeGuid: null }];

    await expect(exchangeWith().run(listMailboxes, {})).rejects.toMatchObject({ code: 'exchange-bad-answer' });
  });

  it('that something else printed is none', async () => {
    const { read, unreadable } = await mailboxesOf(['a notice', {}, { Length: 8 }, good]);

    expect(read).toHaveLength(1);
    expect(unreadable).toEqual([]);
  });

  it('that has all properties, and all of them empty, is one that was lost', async () => {
    const { read, unreadable } = await mailboxesOf([{ ExchangeGuid: null, DisplayName: null }, good]);

    expect(read).toHaveLength(1);
    expect(unreadable).toMatchObject([{ rowLost: true }]);
  });
});
