import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edgeKinds, edgeText } from '../../../src/apps/block/edge-text.ts';
import { chooseRules, isCaught } from '../../../src/apps/block/rules.ts';
import { verdictOf, verdictSentence } from '../../../src/apps/block/verify.ts';
import { phone } from '../phones.ts';

const magic = { deviceType: 'CloudMagic', userAgent: 'CloudMagic/3.2' };

describe('rules for an app', () => {
  it('takes the type that only its phones have', () => {
    const all = [phone('a', magic), phone('b', { ...magic, deviceModel: 'x' }), phone('c', { deviceType: 'iPhone' })];
    expect(chooseRules(all.slice(0, 2), all)).toEqual({
      rules: [{ characteristic: 'DeviceType', queryString: 'CloudMagic', phones: 2, others: 0 }],
      uncovered: [],
    });
  });

  it('never catches a phone of others, and says which phones are left', () => {
    const hidden = phone('b', { deviceType: 'Android', deviceModel: 'Pixel 8', userAgent: 'Android-Mail/1' });
    const named = phone('a', { deviceType: 'Android', deviceModel: 'Pixel 8', userAgent: 'CloudMagic/3.2' });
    const all = [
      named,
      hidden,
      phone('c', { deviceType: 'Android', deviceModel: 'Pixel 8', userAgent: 'Android-Mail/1' }),
    ];
    const choice = chooseRules([named, hidden], all);
    expect(choice.rules).toEqual([
      { characteristic: 'UserAgent', queryString: 'CloudMagic/3.2', phones: 1, others: 0 },
    ]);
    expect(choice.uncovered).toEqual([hidden]);
  });

  it('holds for any organisation: rules catch exactly the covered phones of the app', () => {
    const name = fc.constantFrom('', 'CloudMagic', 'Android', 'Pixel', 'x');
    const arbitrary = fc.array(fc.record({ deviceType: name, deviceModel: name, userAgent: name, own: fc.boolean() }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(arbitrary, (devices) => {
        const all = devices.map(({ own: _own, ...parts }, index) => phone(String(index), parts));
        const own = all.filter((_, index) => devices[index]?.own === true);
        const { rules, uncovered } = chooseRules(own, all);
        const caught = all.filter((one) => rules.some((rule) => isCaught(one, rule)));
        expect(new Set(caught)).toEqual(new Set(own.filter((one) => !uncovered.includes(one))));
      }),
      { numRuns: 200 },
    );
  });
});

describe('whether a block holds', () => {
  const since = new Date('2026-03-02T08:42:00Z');
  const now = new Date('2026-03-02T10:00:00Z');
  const before = { at: '2026-03-02T08:30:00Z', http: 200, status: 1 };
  const refusal = { at: '2026-03-02T09:00:00Z', http: 403, status: 129, access: 'BlockedD' };
  const success = { at: '2026-03-02T09:30:00Z', http: 200, status: 1 };
  const verdict = (...phones: ReturnType<typeof phone>[]) => verdictOf({ phones, all: phones, since, now });

  it('is blocked when all that tried were refused', () => {
    const found = verdict(
      phone('a', magic, [before, refusal]),
      phone('b', { ...magic, accessState: 'Blocked' }, [before]),
    );
    expect(found).toMatchObject({
      state: 'blocked',
      refused: 1,
      silent: 1,
      shownBlocked: 1,
      total: 2,
      since: since.toISOString(),
    });
    expect(verdictSentence(found)).toContain('1 of 2 phones refused');
    expect(verdictSentence(found)).toContain('0 let in');
  });

  it('counts from the last success where the first minutes let some in', () => {
    const late = { at: '2026-03-02T08:44:00Z', http: 200, status: 1 };
    expect(verdict(phone('a', magic, [late, refusal]))).toMatchObject({
      state: 'blocked',
      since: new Date(late.at).toISOString(),
    });
  });

  it('leaks when one still gets in, and says how', () => {
    const allowed = phone('Bob', { ...magic, accessReason: 'Individual' }, [refusal, success]);
    const other = phone('Ines', { deviceType: 'Android', deviceModel: 'CloudMagic Mail' }, [success]);
    const found = verdict(allowed, other, phone('Gita', magic, [refusal]));
    expect(found).toMatchObject({ state: 'leaking', refused: 1 });
    expect(found.through.map(({ name, how }) => [name, how])).toEqual([
      ['Bob', "by the mailbox's own list of allowed devices"],
      ['Ines', 'as DeviceType Android: a rule for that string would block no other phone as well'],
    ]);
  });

  it('waits while nobody tried, and within the minutes that Exchange takes', () => {
    expect(verdict(phone('a', magic, [before])).state).toBe('waiting');
    const soon = new Date(since.getTime() + 5 * 60_000);
    const early = phone('a', magic, [{ at: '2026-03-02T08:43:00Z', http: 200, status: 1 }]);
    expect(verdictOf({ phones: [early], all: [early], since, now: soon }).state).toBe('waiting');
  });
});

it('catches no phone by an empty name', () => {
  expect(isCaught(phone('x', { deviceType: '' }), { characteristic: 'DeviceType', queryString: '' })).toBe(false);
});

describe('text for the edge', () => {
  it.each(edgeKinds)('%s: names the app and the path, and lets no name become configuration', (kind) => {
    expect(edgeText(kind, 'CloudMagic').text).toMatch(/cloudmagic/i);
    expect(edgeText(kind, 'CloudMagic').text).toMatch(/microsoft-server-activesync|location of ActiveSync/i);
    const evil = edgeText(kind, 'x"; } deny all; {\n#`$(y)').text;
    expect(evil.replaceAll(edgeText(kind, '').text, '')).not.toMatch(/deny all;|`|\$\(y\)/);
  });
});
