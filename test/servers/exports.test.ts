/** Event 1040 in every form in which people export it, written here in the shapes of the real ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportedDate, orderIn } from '../../src/servers/files/export-dates.ts';
import { eventsIn } from '../../src/servers/files/exported-text.ts';
import { createFileServers } from '../../src/servers/files/index.ts';
import { evtxFile } from './evtx-file.ts';

const berlin = { order: undefined, timeZone: 'Europe/Berlin' } as const;
const message = `The average of the most recent heartbeat intervals [207] for request [Ping] used by clients is less than or equal to [540].
Make sure that your firewall configuration is set to work correctly with Exchange ActiveSync and direct push technology.

For more information, see article 905013, "Enterprise Firewall Configuration" (http://go.microsoft.com/fwlink/?linkid=3052&kbid=905013).`;
const older = message.replace('heartbeat intervals [207] for request [Ping]', '[513] heartbeat intervals');
const quoted = message.replaceAll('"', '""');
const escaped = message.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
const at = '2026-11-28T09:11:12.000Z';
const event = { averageSeconds: 207, thresholdSeconds: 540, command: 'Ping' };

function read(text: string, options: Parameters<typeof eventsIn>[2] = berlin) {
  const { events, problems } = eventsIn('EX01', text, options);
  return { events: events.map(({ server: _, at: when, ...values }) => [when.toISOString(), values]), problems };
}

const raw = (id: number, source: string, data: readonly string[]) =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='${source}'/><EventID Qualifiers='32768'>${id}</EventID><Level>3</Level><Task>1</Task><Keywords>0x80000000000000</Keywords><TimeCreated SystemTime='2026-11-28T09:11:12.0000000Z'/><EventRecordID>99</EventRecordID><Channel>Application</Channel><Computer>EX01.contoso.example</Computer><Security/></System><EventData>${data.map((value) => `<Data>${value}</Data>`).join('')}</EventData></Event>`;

const clixml = `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T><T>System.Object</T></TN>
    <ToString>System.Diagnostics.Eventing.Reader.EventLogRecord</ToString>
    <Props>
      <I32 N="Id">1040</I32>
      <S N="ProviderName">MSExchange ActiveSync</S>
      <Obj N="UserId" RefId="1"><TN RefId="1"><T>System.Object</T></TN><Props><I32 N="Id">7</I32></Props></Obj>
      <DT N="TimeCreated">2026-11-28T10:11:12.0000000+01:00</DT>
    </Props>
    <MS><S N="Message">${escaped.replaceAll('\n', '_x000D__x000A_')}</S></MS>
  </Obj>
  <Obj RefId="2"><TNRef RefId="0" /><Props><I32 N="Id">1000</I32><S N="ProviderName">MSExchange ActiveSync</S></Props></Obj>
</Objs>`;

describe('an export', () => {
  it.each([
    [
      'wevtutil qe /f:xml, raw',
      `${raw(1040, 'MSExchange ActiveSync', ['207', 'Ping', '540'])}\n${raw(1040, 'MsiInstaller', ['1', '2', '3'])}`,
    ],
    [
      'wevtutil qe /f:RenderedXml',
      raw(1040, 'MSExchange ActiveSync', []).replace(
        '</Event>',
        `<RenderingInfo Culture='en-US'><Message>${escaped}</Message></RenderingInfo></Event>`,
      ),
    ],
    ['Export-Clixml', clixml],
    [
      'Export-Csv in German',
      `#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"Message";"Id";"Version";"ProviderName";"LogName";"TimeCreated"\r\n"${quoted}";"1040";;"MSExchange ActiveSync";"Application";"28.11.2026 10:11:12"\r\n"something; else";"1000";;"MSExchange ActiveSync";"Application";"28.11.2026 10:12:12"\r\n`,
    ],
    [
      'Export-Csv in French, where a day over 12 tells the order',
      `"Message","Id","ProviderName","TimeCreated"\r\n"${quoted}","1040","MSExchange ActiveSync","28/11/2026 10:11:12"\r\n`,
    ],
    [
      'Export-Csv of Get-EventLog in English',
      `"EventID","MachineName","Data","EntryType","Message","Source","ReplacementStrings","TimeGenerated"\r\n"1040","EX01","System.Byte[]","Warning","${quoted}","MSExchange ActiveSync","System.String[]","11/28/2026 10:11:12 AM"\r\n`,
    ],
    [
      'the event viewer as CSV',
      `Level,Date and Time,Source,Event ID,Task Category\r\nWarning,11/28/2026 10:11:12 AM,MSExchange ActiveSync,1040,Requests,"${quoted}"\r\n`,
    ],
    [
      'the event viewer as text in a language whose columns are not known',
      `Niveau\tDatum en tijd\tBron\tGebeurtenis-id\tTaakcategorie\r\nWaarschuwing\t28-11-2026 10:11:12\tMSExchange ActiveSync\t1040\tRequests\t"${quoted}"\r\n`,
    ],
    [
      'wevtutil qe /f:text',
      `Event[0]\r\n  Log Name: Application\r\n  Source: MSExchange ActiveSync\r\n  Date: 2026-11-28T09:11:12.0000000Z\r\n  Event ID: 1040\r\n  Description: \r\n${message}\r\n`,
    ],
    [
      'Format-List',
      `\r\nTimeCreated  : 11/28/2026 10:11:12\u202fAM\r\nProviderName : MSExchange ActiveSync\r\nId           : 1040\r\nMessage      : ${message.replaceAll('\n', '\r\n               ')}\r\n`,
    ],
  ])('%s is read', (_, text) => {
    expect(read(text)).toEqual({ events: [[at, event]], problems: [] });
  });

  it('of 2010 has no command', () => {
    const { command: _, ...values } = { ...event, averageSeconds: 513 };
    const text = raw(1040, 'MSExchange ActiveSync', ['513', '540']);

    expect(read(text)).toEqual({ events: [[at, values]], problems: [] });
    expect(read(`Date: ${at}\n${older}`).events).toEqual([[at, values]]);
  });

  it('in another language is read by its id and its brackets', () => {
    const text = raw(1040, 'MSExchange ActiveSync', []).replace(
      '</Event>',
      '<RenderingInfo><Message>Der Durchschnitt der letzten Taktintervalle [207] für die Anforderung [Ping] ist kleiner oder gleich [540].</Message></RenderingInfo></Event>',
    );

    expect(read(text).events).toEqual([[at, event]]);
  });

  it('without events is none, and no export is said to be none', () => {
    expect(read('')).toEqual({ events: [], problems: [] });
    expect(read('<Events></Events>')).toEqual({ events: [], problems: [] });
    expect(read('"Message","Id","TimeCreated"\r\n')).toEqual({ events: [], problems: [] });
    expect(read('hello\nworld').problems).toEqual(['it is no export of events that I know']);
    expect(read(raw(1040, 'MSExchange ActiveSync', ['many', 'few'])).problems).toEqual([
      '1 event 1040 whose values I cannot read',
    ]);
  });
});

describe('a date', () => {
  const csv = (...dates: readonly string[]) =>
    [
      '"Message","Id","ProviderName","TimeCreated"',
      ...dates.map((date) => `"${quoted}","1040","MSExchange ActiveSync","${date}"`),
    ].join('\r\n');

  it('that could be of two days is not known, unless the file or policy.yaml decides', () => {
    const two =
      '1 event 1040 could be of two days (05/11/2026 10:11:12): say exportedDates in policy.yaml, or export as XML';

    expect(read(csv('05/11/2026 10:11:12'))).toEqual({ events: [], problems: [two] });
    expect(read(csv('05/11/2026 10:11:12', '28/11/2026 10:11:12')).events.map(([when]) => when)).toEqual([
      '2026-11-05T09:11:12.000Z',
      at,
    ]);
    expect(read(csv('05/11/2026 10:11:12'), { ...berlin, order: 'month-first' }).events.map(([when]) => when)).toEqual([
      '2026-05-11T08:11:12.000Z',
    ]);
    // Both orders in one file: it says nothing.
    expect(read(csv('05/11/2026 10:11:12', '28/11/2026 10:11:12', '11/28/2026 10:11:12')).problems).toEqual([two]);
  });

  it('is in the zone of the policy where none is written, in summer and in winter', () => {
    const date = (text: string) => exportedDate(text, { order: undefined, timeZone: 'Europe/Berlin' });

    expect(date('28.07.2026 00:30:00')).toEqual(new Date('2026-07-27T22:30:00Z'));
    expect(date('29.03.2026 04:00:00')).toEqual(new Date('2026-03-29T02:00:00Z'));
    expect(date('25.10.2026 04:00:00')).toEqual(new Date('2026-10-25T03:00:00Z'));
    expect(date('2026-07-28T00:30:00+05:30')).toEqual(new Date('2026-07-27T19:00:00Z'));
    expect(date('31.02.2026 10:00:00')).toBeUndefined();
    expect(date('28.11.2026 25:00:00')).toBeUndefined();
  });

  it('comes back as it was in every culture that says which day it is', () => {
    const cultures = ['de-DE', 'fr-FR', 'en-US', 'en-GB', 'nl-NL', 'sv-SE', 'pl-PL', 'ru-RU', 'en-AU', 'it-IT'];
    const instant = fc.date({
      min: new Date('2020-01-01T00:00:00Z'),
      max: new Date('2030-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.constantFrom(...cultures), instant, (culture, date) => {
        const whole = new Date(Math.floor(date.getTime() / 1000) * 1000);
        const written = new Intl.DateTimeFormat(culture, {
          timeZone: 'UTC',
          year: 'numeric',
          month: '2-digit',
          day: '2-digit',
          hour: '2-digit',
          minute: '2-digit',
          second: '2-digit',
        }).format(whole);
        const read = exportedDate(written, { order: undefined, timeZone: 'UTC' });
        if (read === 'two ways') expect(orderIn([written])).toBeUndefined();
        else expect(read, `${culture}: ${written}`).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a folder of exports', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'mislaid-exports-'));
    mkdirSync(join(root, 'events'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const put = (name: string, content: string | Buffer) => writeFileSync(join(root, 'events', name), content);
  const servers = () => createFileServers([{ name: 'EX01', exportedEvents: 'events' }], root, 'Europe/Berlin');

  it('names each file that could not be read, and reads the others', async () => {
    put(
      'good.xml',
      Buffer.concat([
        Buffer.from([0xfe, 0xff]),
        Buffer.from(raw(1040, 'MSExchange ActiveSync', ['207', 'Ping', '540']), 'utf16le').swap16(),
      ]),
    );
    put('packed.zip', Buffer.from([0x50, 0x4b, 3, 4, 1, 2]));
    put('u_ex261128.log', '#Fields: date');
    const { events, unread } = await servers().events1040('EX01', new Date(0));

    expect(events).toEqual([{ server: 'EX01', at: new Date(at), ...event }]);
    expect(unread).toEqual(['packed.zip: it is no export of events that I know.']);
  });

  describe('an .evtx', () => {
    const seconds = (number: number) => new Date(Date.parse(at) + number * 1000);
    const events = [
      { at: seconds(0), id: 1040, source: 'MSExchange ActiveSync', texts: ['207', 'Ping', '540'] },
      { at: seconds(1), id: 1040, source: 'MsiInstaller', texts: ['1', '2', '540'] },
      { at: seconds(2), id: 1000, source: 'MSExchange ActiveSync', texts: ['1', 'Ping', '540'] },
      { at: seconds(3), id: 1040, source: 'MSExchange ActiveSync', texts: ['513', '540'] },
    ];

    it('is read as Windows keeps it', async () => {
      put('Application.evtx', evtxFile(events));
      const { events: found, unread } = await servers().events1040('EX01', new Date(0));

      expect(found).toEqual([
        { server: 'EX01', at: new Date(at), ...event },
        { server: 'EX01', at: seconds(3), averageSeconds: 513, thresholdSeconds: 540 },
      ]);
      expect(unread).toEqual([]);
    });

    it('that is broken says so, or tells less, and never fails', async () => {
      const whole = evtxFile(events);
      const damage = fc.array(fc.tuple(fc.integer({ min: 4096 + 512, max: 4096 + 3000 }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(damage, fc.integer({ min: 4096, max: whole.length }), async (bytes, end) => {
          const broken = Buffer.from(whole.subarray(0, end));
          for (const [place, value] of bytes) if (place < broken.length) broken[place] = value;
          put('Application.evtx', broken);
          const { events: found } = await servers().events1040('EX01', new Date(0));
          expect(found.length).toBeLessThanOrEqual(4);
        }),
        { numRuns: 300 },
      );
      whole.writeUInt32LE(5, 4096 + 512 + 4);
      put('Application.evtx', whole);
      expect((await servers().events1040('EX01', new Date(0))).unread).toEqual([
        'Application.evtx: 1 record could not be read.',
      ]);
    });
  });
});
