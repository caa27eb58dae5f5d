/** Whatever one row holds: it costs no other row anything, and no property but its own. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labCapabilities } from '../../src/exchange/lab/capabilities.ts';
import { guidFrom } from '../../src/exchange/lab/guids.ts';
import type { Cmdlet, CmdletArguments, Unreadable } from '../../src/exchange/port.ts';
import { createExchange } from '../../src/exchange/run.ts';
import { logOnce } from '../../src/exchange/unreadable.ts';

type Reader = Cmdlet<'read', CmdletArguments, unknown>;

const folder = new URL('../../src/exchange/cmdlets/', import.meta.url);
const readers: Reader[] = [];
for (const file of readdirSync(folder)) {
  const exported: Record<string, unknown> = await import(new URL(file, folder).href);
  for (const value of Object.values(exported)) if (isReader(value)) readers.push(value);
}

function isReader(value: unknown): value is Reader {
  return typeof value === 'object' && value !== null && 'effect' in value && value.effect === 'read';
}

function named(id: string): Reader {
  const found = readers.find((reader) => reader.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
}
const statisticsReader = named('get-mobile-device-statistics');
const recipientReader = named('get-recipient');
const mailboxesReader = named('list-mailboxes');

/** Arguments that any of them takes, and rows are about. */
function argumentsOf(reader: Reader): CmdletArguments {
  for (const args of [{}, { Identity: guid }, { Mailbox: guid }, { Anr: 'alice' }])
    if (reader.params.safeParse(args).success && (reader.identity === undefined || reader.identity in args))
      return args;
  throw new Error(`what does ${reader.name} take?`);
}

const guid = guidFrom('odd rows');

/** A row that can be read, by the names of what is asked for. */
function goodRow(reader: Reader, which: string): Record<string, unknown> {
  return Object.fromEntries(
    reader.select.map((name) => {
      if (/Guid$/.test(name)) return [name, which === 'good' ? guid : guidFrom(`${which} ${name}`)];
      if (/Time$|^LastSuccessSync$|^LastPolicyUpdate/.test(name)) return [name, '2026-03-02T09:00:00Z'];
      if (/^Is|Enabled$|Disabled$|^HasActiveSync/.test(name)) return [name, true];
      if (/Heartbeat$|^NumberOf/.test(name)) return [name, 7];
      if (name === 'ClientVersion') return [name, '16.1'];
      return [name, 'text'];
    }),
  );
}

async function answerOf(reader: Reader, rows: readonly unknown[]) {
  const unreadable: Unreadable[] = [];
  const exchange = createExchange({
    organisation: 'lab',
    transport: { capabilities: async () => labCapabilities, call: async () => rows },
  });
  const read = await exchange.run(reader, argumentsOf(reader), { onUnreadable: (one) => unreadable.push(one) });
  return { read: z.array(z.looseObject({ unreadable: z.array(z.string()) })).parse(read), unreadable };
}

const odd: [string, unknown][] = [
  ['nothing', null],
  ['no property', undefined],
  ['an empty text', ''],
  ['a list', ['2026-03-02T09:00:00Z', 'b']],
  ['an empty list', []],
  ['a list of nothing', [null]],
  ['an object', { a: { b: 1 } }],
  ['an object in a value', { Value: { a: 1 } }],
  ['a number', 12],
  ['a negative number', -1],
  ['half a number', 1.5],
  ['a number of any size', 1e300],
  ['a number as text', '12'],
  ['spaces', '   '],
  ['true', true],
  ['a word', 'perhaps'],
  ['a time without its zone', '2026-03-02T09:00:00'],
  ['a time of another kind', '02.03.2026 09:00:00+01:00'],
  ['a day that is none', '2026-02-31T09:00:00Z'],
  ['the first of all days', '0001-01-01T00:00:00Z'],
  ['the last of all days', '9999-12-31T23:59:59.9999999Z'],
  ['a GUID of nobody', '00000000-0000-0000-0000-000000000000'],
  ['a text with a null character', 'a\u0000b'],
  ['a text without end', 'x'.repeat(100_000)],
];

describe.each(readers.map((reader) => [reader.id, reader] as const))('%s', (_, reader) => {
  it.each(odd)('reads its other rows, and the rest of a row, beside %s', async (_name, value) => {
    for (const property of reader.select) {
      const row = { ...goodRow(reader, 'odd'), [property]: value };
      const { read, unreadable } = await answerOf(reader, [row, goodRow(reader, 'good')]);

      const lost = unreadable.filter(({ rowLost }) => rowLost);
      const aboutAnother = reader.concerns !== undefined && 'Identity' in argumentsOf(reader);
      expect(read, property).toHaveLength(2 - lost.length - (aboutAnother ? 1 - lost.length : 0));
      expect(read.at(-1)?.unreadable).toEqual([]);
      expect(unreadable.length).toBeLessThanOrEqual(1);
      for (const { properties } of unreadable) expect(properties).toEqual([property]);
    }
  });

  it('lives with a row of other properties, and with no rows', async () => {
    expect((await answerOf(reader, [])).read).toEqual([]);
    expect((await answerOf(reader, ['text', 7, null, [], { Else: 1 }, goodRow(reader, 'good')])).read).toHaveLength(1);
  });
});

describe('what is out of range', () => {
  const statistics = goodRow(statisticsReader, 'good');

  it.each([
    ['ClientVersion', '16.10', 'clientVersion'],
    ['ClientVersion', '161.0', 'clientVersion'],
    ['ClientVersion', 99_999, 'clientVersion'],
    ['LastSuccessSync', '9999-12-31T23:59:59.9999999Z', 'lastSuccessSync'],
    ['LastPingHeartbeat', -1, 'lastPingHeartbeat'],
    ['LastPingHeartbeat', 4_294_967_295, 'lastPingHeartbeat'],
    ['NumberOfFoldersSynced', '  ', 'foldersSynced'],
    ['NumberOfFoldersSynced', '0x10', 'foldersSynced'],
  ])('%s %s is not known', async (property, value, name) => {
    const { read, unreadable } = await answerOf(statisticsReader, [{ ...statistics, [property]: value }]);
    expect(read).toMatchObject([{ [name]: null, unreadable: [property] }]);
    expect(unreadable).toHaveLength(1);
  });

  it('is never the mailbox of a recipient', async () => {
    const row = { ...goodRow(recipientReader, 'good'), ExchangeGuid: 'alice' };
    expect((await answerOf(recipientReader, [row])).read).toMatchObject([
      { mailboxGuid: undefined, unreadable: ['ExchangeGuid'] },
    ]);
  });
});

it('a mailbox that comes twice is one, and told of where its rows differ', async () => {
  const row = goodRow(mailboxesReader, 'good');
  const twice = await answerOf(mailboxesReader, [row, { ...row }]);
  expect(twice).toMatchObject({ read: [{ guid }], unreadable: [] });
  const differing = await answerOf(mailboxesReader, [row, { ...row, DisplayName: 'Somebody else' }]);
  expect(differing.read).toMatchObject([{ guid, displayName: 'text' }]);
  expect(differing.unreadable).toEqual([{ cmdlet: 'Get-Mailbox', properties: ['ExchangeGuid'], rowLost: false }]);
});

it('what cannot be read is logged once', () => {
  const lines: unknown[] = [];
  const onUnreadable = logOnce({ warn: (fields) => lines.push(fields) });
  for (let read = 0; read < 3; read += 1) {
    onUnreadable({ cmdlet: 'Get-Mailbox', properties: ['AccountDisabled', 'Alias'], rowLost: false });
    onUnreadable({ cmdlet: 'Get-Mailbox', properties: ['ExchangeGuid'], rowLost: true });
    onUnreadable({ cmdlet: 'Get-Mailbox', properties: ['Alias'], rowLost: false });
  }
  expect(lines).toEqual([
    { cmdlet: 'Get-Mailbox', property: 'AccountDisabled', rowLost: false },
    { cmdlet: 'Get-Mailbox', property: 'Alias', rowLost: false },
    { cmdlet: 'Get-Mailbox', property: 'ExchangeGuid', rowLost: true },
  ]);
});
