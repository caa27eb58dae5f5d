import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rolled, rows } from './roll.ts';

const head =
  '#Fields: date time cs-method cs-uri-stem cs-uri-query cs-username c-ip cs(User-Agent) sc-status time-taken\r\n';
const stem = '/Microsoft-Server-ActiveSync/default.eas';

function line(input: { at?: string; query: string; account?: string; agent?: string; address?: string }): string {
  const { at = '2026-03-02 08:00:00', query, account = 'alice', agent = 'Apple-iPhone', address = '10.0.0.1' } = input;
  return `${at} POST ${stem} ${query} ${account} ${address} ${agent} 200 15\r\n`;
}

it('counts every request while the table of known clients starts anew, also in the middle of a bunch', async () => {
  const parts = [head];
  const often = line({ query: 'Cmd=Ping&User=bob&DeviceId=B1&DeviceType=iPhone', account: 'bob' });
  const distinct = 151_000;
  for (let n = 0; n < distinct; n += 1) {
    parts.push(line({ query: `Cmd=Sync&User=alice&DeviceId=A1&DeviceType=iPhone&CollectionId=${n}` }));
    if (n % 7 === 0) parts.push(often);
  }

  const batch = await rolled('frontEnd', parts.join(''));

  const counts = rows(batch).map(({ account, command, requests }) => [account, command, requests]);
  expect(counts.sort()).toEqual([
    ['alice', 'Sync', distinct],
    ['bob', 'Ping', Math.ceil(distinct / 7)],
  ]);
});

it('tells apart what differs in one letter only, wherever it stands', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'C', '1', '-'), minLength: 1, maxLength: 40 });
  const written = fc.record({ device: text, account: text, agent: text, address: text });
  await fc.assert(
    fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 200 }), async (phones) => {
      const lines = phones.map(({ device, account, agent, address }) =>
        line({
          query: `Cmd=Ping&DeviceId=d${device}&DeviceType=iPhone`,
          account: `u${account}`,
          agent: `a${agent}`,
          address,
        }),
      );

      const batch = await rolled('frontEnd', head + lines.join(''));

      const key = (device: string, account: string, agent: string) => [device, account, agent].join(' ');
      const wanted = new Map<string, number>();
      const addresses = new Map<string, string>();
      for (const { device, account, agent, address } of phones) {
        const phone = key(`d${device}`, `u${account.toLowerCase()}`, `a${agent}`);
        addresses.set(phone, address.length < 2 ? '' : address);
        wanted.set(phone, (wanted.get(phone) ?? 0) + 1);
      }
      const found = rows(batch).map(
        (row) => [key(row.deviceId, row.account, row.userAgent), row.requests, row.lastAddress] as const,
      );
      expect(new Map(found.map(([phone, requests]) => [phone, requests]))).toEqual(wanted);
      expect(new Map(found.map(([phone, , address]) => [phone, address]))).toEqual(addresses);
    }),
    { numRuns: 100 },
  );
});

it('knows every day from 1990 to 2099, and no other', async () => {
  const instant = fc.date({
    min: new Date('1990-01-01T00:00:00Z'),
    max: new Date('2099-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(instant, { minLength: 1, maxLength: 20 }), async (instants) => {
      const lines = instants.map((at) =>
        line({ at: at.toISOString().slice(0, 19).replace('T', ' '), query: 'Cmd=Ping&DeviceId=A1&DeviceType=iPhone' }),
      );

      const { groups, lastEnd, requests } = await rolled('frontEnd', head + lines.join(''));

      const seconds = instants.map((at) => Math.floor(at.getTime() / 1000));
      const firstEnd = Math.min(...groups.map(({ firstStart }) => firstStart));
      expect({ firstEnd, lastEnd, requests }).toEqual({
        firstEnd: Math.min(...seconds),
        lastEnd: Math.max(...seconds),
        requests: instants.length,
      });
    }),
  );
  for (const at of [
    '1989-12-31 08:00:00',
    '2100-01-01 08:00:00',
    '2026-13-01 08:00:00',
    '2026-00-01 08:00:00',
    '2026-01-32 08:00:00',
    '2026-01-01 0x:00:00',
  ]) {
    const { requests, odd } = await rolled(
      'frontEnd',
      head + line({ at, query: 'Cmd=Ping&DeviceId=A1&DeviceType=iPhone' }),
    );
    expect({ at, requests, odd }).toEqual({
      at,
      requests: 0,
      odd: [{ kind: 'unreadable-line', text: '', requests: 1 }],
    });
  }
});

it('keeps the substatus: 404.19 is a denied string, 404.0 only a wrong path', async () => {
  const fields = head.replace('sc-status', 'sc-status sc-substatus');
  const answered = (status: string) =>
    line({ query: 'Cmd=Sync&DeviceId=A1&DeviceType=iPhone' }).replace(' 200 15', ` ${status} 15`);

  const batch = await rolled('frontEnd', [fields, answered('404 19'), answered('404 19'), answered('404 0')].join(''));

  const counts = rows(batch).map(({ http, substatus, requests }) => [http, substatus, requests]);
  expect(counts.sort()).toEqual([
    [404, 0, 1],
    [404, 19, 2],
  ]);
});
