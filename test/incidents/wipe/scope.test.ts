import { describe, expect, it } from 'vitest';
import { needsTypedConfirmation, scopeFor, stillErased } from '../../../src/incidents/wipe/scope.ts';
import { device } from '../facts.ts';

const offers = { accountOnly: true };

function allowed(...input: Parameters<typeof scopeFor>): string[] {
  return scopeFor(...input)
    .choices.filter((choice) => choice.allowed)
    .map((choice) => choice.scope);
}

describe('scopeFor', () => {
  it('chooses account-only where phone and Exchange can', () => {
    const scopes = scopeFor(device(), offers);

    expect(scopes.default).toBe('account-only');
    expect(allowed(device(), offers)).toEqual(['account-only', 'full']);
    expect(scopes.choices.find((choice) => choice.scope === 'full')?.erases).toContain('private photos');
  });

  it.each([
    ['the phone speaks 14.1', device({ clientVersion: 141 }), offers, /speaks 14\.1/],
    ['the phone speaks 16.0', device({ clientVersion: 160 }), offers, /speaks 16\.0/],
    ['the version is not known', device({ clientVersion: null }), offers, /not known/],
    ['Exchange does not offer it', device(), { accountOnly: false }, /does not offer/],
    ['it is no ActiveSync app', device({ client: 'owa' }), offers, /ActiveSync/],
  ])('leaves only the full wipe when %s, and says why', (_what, facts, capabilities, why) => {
    const scopes = scopeFor(facts, capabilities);

    expect(allowed(facts, capabilities)).toEqual(['full']);
    expect(scopes.default).toBe('full');
    expect(scopes.choices.find((choice) => choice.scope === 'account-only')?.whyNot).toMatch(why);
  });

  it('offers Outlook nothing but the app, on all phones', () => {
    const outlook = device({ client: 'outlook', type: 'Outlook' });

    const scopes = scopeFor(outlook, offers);

    expect(scopes.choices.map((choice) => choice.scope)).toEqual(['outlook-app']);
    expect(scopes.choices[0]?.erases).toContain('all of this person');
  });

  it('allows nothing where Exchange would only block', () => {
    const scopes = scopeFor(device({ wipeSupported: false }), offers);

    expect(scopes.default).toBeNull();
    expect(scopes.choices.every((choice) => /only block/.test(choice.whyNot ?? ''))).toBe(true);
  });

  it('says where a managed phone ought to be wiped', () => {
    expect(scopeFor(device({ managedByMdm: true }), offers).instead).toContain('MDM');
    expect(scopeFor(device(), offers).instead).toBeUndefined();
  });

  it('has everything but account-only confirmed by typing', () => {
    const scopes = ['full', 'outlook-app', 'account-only'] as const;

    expect(scopes.map(needsTypedConfirmation)).toEqual([true, true, false]);
  });
});

describe('what still happens while Exchange holds a request', () => {
  it.each([
    [['account-only'], 'the work account on this phone will still be erased if it connects'],
    [['full'], 'this phone will still be erased if it connects'],
    [['account-only', 'full'], 'this phone will still be erased if it connects'],
    [['outlook-app'], "Outlook's data on all of this person's phones will still be erased if it connects"],
  ] as const)('is said by scope: %j', (scopes, sentence) => {
    expect(stillErased(scopes)).toBe(sentence);
  });
});
