import { describe, expect, it } from 'vitest';
import {
  countValue,
  easVersionValue,
  flagValue,
  guidValue,
  instantValue,
  textListValue,
  textValue,
  wipeStatusValue,
} from '../../src/exchange/values.ts';

describe('values of Exchange', () => {
  it.each([
    ['2026-03-02T09:00:00Z', '2026-03-02T09:00:00.000Z'],
    ['2026-03-02T10:00:00+01:00', '2026-03-02T09:00:00.000Z'],
    ['/Date(1772442000000)/', '2026-03-02T09:00:00.000Z'],
    [{ value: '2026-03-02T09:00:00Z', DateTime: 'Monday' }, '2026-03-02T09:00:00.000Z'],
  ])('reads the instant %j', (raw, expected) => {
    expect(instantValue.parse(raw)?.toISOString()).toBe(expected);
  });

  it.each([
    ['0001-01-01T00:00:00.0000000'],
    ['0001-01-01T00:00:00Z'],
    ['1601-01-01T00:00:00.0000000Z'],
    ['/Date(-62135596800000)/'],
    [null],
    [undefined],
    [''],
  ])('reads %j as never', (raw) => {
    expect(instantValue.parse(raw)).toBeNull();
  });

  it.each([['2026-03-02T09:00:00'], ['yesterday'], [12], ['03/02/2026 09:00:00']])(
    'does not guess the instant %j',
    (raw) => {
      expect(instantValue.safeParse(raw).success).toBe(false);
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
    expect(easVersionValue.parse(raw)).toBe(expected);
  });

  it.each([
    ['DeviceOK', 'DeviceOk'],
    ['devicewipepending', 'DeviceWipePending'],
    ['AccountOnlyDeviceWipeSucceeded', 'AccountOnlyDeviceWipeSucceeded'],
    ['SomethingNew', 'SomethingNew'],
    [{ Value: 'DeviceWipeSucceeded' }, 'DeviceWipeSucceeded'],
  ])('reads the status %j as %s', (raw, expected) => {
    expect(wipeStatusValue.parse(raw)).toBe(expected);
  });

  it('reads text, flags, numbers, lists and GUIDs, wrapped or not', () => {
    expect(textValue.parse({ Value: 'Allowed' })).toBe('Allowed');
    expect(textValue.parse(null)).toBe('');
    expect(textValue.safeParse(['a']).success).toBe(false);
    expect([flagValue.parse('True'), flagValue.parse(false), flagValue.parse(null)]).toEqual([true, false, null]);
    expect(flagValue.safeParse('yes').success).toBe(false);
    expect([countValue.parse('900'), countValue.parse(900), countValue.parse(null)]).toEqual([900, 900, null]);
    expect(countValue.safeParse('soon').success).toBe(false);
    expect([textListValue.parse('one'), textListValue.parse(null), textListValue.parse(['a', { Value: 'b' }])]).toEqual(
      [['one'], [], ['a', 'b']],
    );
    expect(guidValue.parse({ Guid: 'ABCDEF00-0000-4000-8000-000000000000' })).toBe(
      'abcdef00-0000-4000-8000-000000000000',
    );
    expect(guidValue.safeParse('iPhone').success).toBe(false);
  });
});
