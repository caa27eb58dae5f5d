import { describe, expect, it } from 'vitest';
import { count, easVersion, flag, guid, instant, text, texts, wipeStatus } from '../../src/exchange/values.ts';

describe('values of Exchange', () => {
  it.each([
    ['2026-03-02T09:00:00Z', '2026-03-02T09:00:00.000Z'],
    ['2026-03-02T10:00:00+01:00', '2026-03-02T09:00:00.000Z'],
    ['/Date(1772442000000)/', '2026-03-02T09:00:00.000Z'],
    [{ value: '2026-03-02T09:00:00Z', DateTime: 'Monday' }, '2026-03-02T09:00:00.000Z'],
  ])('reads the instant %j', (raw, expected) => {
    expect(instant.parse(raw)?.toISOString()).toBe(expected);
  });

  it.each([[null], [undefined], ['']])('reads %j as never', (raw) => {
    expect(instant.parse(raw)).toBeNull();
  });

  it.each([['2026-03-02T09:00:00'], ['yesterday'], [12], ['03/02/2026 09:00:00']])(
    'does not guess the instant %j',
    (raw) => {
      expect(instant.safeParse(raw).success).toBe(false);
    },
  );

  it.each([
    ['16.1', 161],
    ['161', 161],
    ['14.1', 141],
    ['12.1', 121],
    ['16.0', 160],
    ['2.5', 25],
    [161, 161],
    ['', null],
    ['unknown', null],
    [null, null],
  ])('reads the client version %j as %j', (raw, expected) => {
    expect(easVersion.parse(raw)).toBe(expected);
  });

  it.each([
    ['DeviceOK', 'DeviceOk'],
    ['devicewipepending', 'DeviceWipePending'],
    ['AccountOnlyDeviceWipeSucceeded', 'AccountOnlyDeviceWipeSucceeded'],
    ['SomethingNew', 'SomethingNew'],
    [{ Value: 'DeviceWipeSucceeded' }, 'DeviceWipeSucceeded'],
  ])('reads the status %j as %s', (raw, expected) => {
    expect(wipeStatus.parse(raw)).toBe(expected);
  });

  it('reads text, flags, numbers, lists and GUIDs, wrapped or not', () => {
    expect(text.parse({ Value: 'Allowed' })).toBe('Allowed');
    expect(text.parse(null)).toBe('');
    expect(text.safeParse(['a']).success).toBe(false);
    expect([flag.parse('True'), flag.parse(false), flag.parse(null)]).toEqual([true, false, null]);
    expect(flag.safeParse('yes').success).toBe(false);
    expect([count.parse('900'), count.parse(900), count.parse(null)]).toEqual([900, 900, null]);
    expect(count.safeParse('soon').success).toBe(false);
    expect([texts.parse('one'), texts.parse(null), texts.parse(['a', { Value: 'b' }])]).toEqual([
      ['one'],
      [],
      ['a', 'b'],
    ]);
    expect(guid.parse({ Guid: 'ABCDEF00-0000-4000-8000-000000000000' })).toBe('abcdef00-0000-4000-8000-000000000000');
    expect(guid.safeParse('iPhone').success).toBe(false);
  });
});
