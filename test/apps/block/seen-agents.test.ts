import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseDenyStrings } from '../../../src/apps/block/seen-agents.ts';
import type { Phone } from '../../../src/apps/phones.ts';
import { phone, row } from '../phones.ts';

/** A phone that sent these user agents so often, by the logs. */
function seen(guid: string, agents: Readonly<Record<string, number>>, anonymous = false): Phone {
  const one = phone(guid, { deviceType: 'X' });
  const at = '2026-03-02T09:00:00Z';
  const clients = Object.entries(agents).map(([userAgent, requests], id) => ({
    id,
    anonymous,
    account: '',
    deviceId: `id-${guid}`,
    deviceType: 'X',
    userAgent,
    stray: '',
    os: '',
    model: '',
    lastAt: new Date(at),
    // The front end and the back end log the same requests.
    rows: [
      row({ at, http: 200, kind: 'frontEnd', requests }),
      row({ at, http: 200, requests: Math.max(0, requests - 1) }),
    ],
  }));
  return { ...one, clients };
}

describe('strings to deny by', () => {
  it('stand in what phones send, and not in what others send', () => {
    const own = [
      seen('a', { 'CloudMagic/3.2+(Android+14)': 40 }),
      seen('b', { 'CloudMagic/4.0': 7, 'NewtonMail/1.0': 5 }),
    ];
    const others = [seen('c', { 'Android-Mail/2024 (Android 14)': 90 })];

    expect(chooseDenyStrings('CloudMagic', own, [...own, ...others])).toEqual({
      strings: [
        { string: 'CloudMagic', requests: 47 },
        { string: 'NewtonMail', requests: 5 },
      ],
      left: 0,
    });
  });

  it('are none where others send the same, and say how many requests that leaves', () => {
    const own = [seen('a', { 'Android-Mail/2024': 40 })];

    expect(chooseDenyStrings('Secret', own, [...own, seen('c', { 'Android-Mail/2023': 1 })])).toEqual({
      strings: [],
      left: 40,
    });
    expect(chooseDenyStrings('Secret', [], [])).toEqual({ strings: [], left: 0 });
  });

  it('do not come from somebody who did not log in', () => {
    const own = [seen('a', { Forged: 40 }, true)];

    expect(chooseDenyStrings('Forged', own, own).strings).toEqual([]);
  });

  it('catch requests of the app alone, for any organisation', () => {
    const agent = fc.array(fc.constantFrom('Magic', 'Mail', 'Android', 'Box', '1.0'), { minLength: 1, maxLength: 3 });
    const fleet = fc.array(fc.tuple(agent, fc.nat({ max: 9 }), fc.boolean()), { maxLength: 8 });
    fc.assert(
      fc.property(fleet, (phones) => {
        const all = phones.map(([words, requests, isOwn], index) => ({
          agent: words.join('/'),
          requests,
          isOwn,
          phone: seen(String(index), { [words.join('/')]: requests }),
        }));
        const own = all.filter(({ isOwn }) => isOwn);
        const { strings, left } = chooseDenyStrings(
          'Magic',
          own.map((each) => each.phone),
          all.map((each) => each.phone),
        );
        const isHeld = (text: string) =>
          strings.some(({ string }) => text.toLowerCase().includes(string.toLowerCase()));

        expect(all.filter(({ isOwn, agent: text }) => !isOwn && isHeld(text))).toEqual([]);
        const missed = own.filter(({ agent: text }) => !isHeld(text));
        expect(left).toBe(missed.reduce((sum, { requests }) => sum + requests, 0));
      }),
      { numRuns: 200 },
    );
  });
});
