import { describe, expect, it } from 'vitest';
import {
  clientKind,
  confirmsTyped,
  DeviceFacts,
  deviceDisplayName,
  deviceLabel,
  idEnding,
  isOutlookApp,
  normaliseClientVersion,
  typedConfirmation,
} from '../../../src/incidents/devices/device.ts';
import { device } from '../facts.ts';

describe('DeviceFacts', () => {
  it('survives storage as JSON', () => {
    const facts = device();

    expect(DeviceFacts.parse(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
  });
});

describe('deviceName', () => {
  it.each([
    [{ friendlyName: 'Alice’s phone', model: 'iPhone16C2', type: 'iPhone' }, 'Alice’s phone'],
    [{ friendlyName: ' \u200f ', model: 'iPhone16C2', type: 'iPhone' }, 'iPhone16C2'],
    [{ friendlyName: '', model: '', type: 'iPhone' }, 'iPhone'],
    [{ friendlyName: '', model: '', type: '' }, 'Unnamed device'],
    [{ friendlyName: 'Pixel\u202e 8\u0000\n9', model: '', type: '' }, 'Pixel 8 9'],
  ])('says %j as %s', (parts, name) => {
    expect(deviceDisplayName(parts)).toBe(name);
  });

  it('bounds a name that the device chose itself', () => {
    expect([...deviceDisplayName({ friendlyName: 'x'.repeat(10_000), model: '', type: '' })]).toHaveLength(60);
  });
});

describe('normaliseClientVersion', () => {
  it.each([
    ['16.1', 161],
    ['161', 161],
    ['14.1', 141],
    ['2.5', 25],
    ['', null],
    ['0', null],
    ['sixteen', null],
  ])('%j is %j', (text, version) => {
    expect(normaliseClientVersion(text)).toBe(version);
  });
});

describe('what kind of app it is', () => {
  it.each([
    ['EAS', 'eas'],
    ['Outlook', 'outlook'],
    ['MOWA', 'owa'],
    ['REST', 'rest'],
    ['UniversalOutlook', 'other'],
    ['', 'other'],
  ])('%j is %s', (clientType, kind) => {
    expect(clientKind(clientType)).toBe(kind);
  });

  it('knows Outlook by its client type and, through other protocols, by its device type', () => {
    expect(isOutlookApp(device({ client: 'outlook', type: 'Outlook' }))).toBe(true);
    expect(isOutlookApp(device({ client: 'rest', type: 'Outlook' }))).toBe(true);
    expect(isOutlookApp(device({ client: 'eas', type: 'OutlookService' }))).toBe(true);
    expect(isOutlookApp(device({ client: 'eas', type: 'iPhone' }))).toBe(false);
  });
});

describe('what is shown and typed', () => {
  it('labels a phone with its system and app', () => {
    expect(deviceLabel(device())).toBe('iPhone 15 (iOS 18.1, native mail, EAS 16.1)');
    expect(deviceLabel(device({ name: 'Pixel 8', os: 'Android 14', client: 'outlook', type: 'Outlook' }))).toBe(
      'Pixel 8 (Android 14, Outlook app)',
    );
  });

  it('confirms by the name and the last four characters of the id, and by nothing less', () => {
    const facts = device({ name: 'Alice’s iPhone' });

    expect(idEnding(facts)).toBe('4B2A');
    expect(typedConfirmation(facts)).toBe('Alice’s iPhone 4B2A');
    expect(confirmsTyped(typedConfirmation(facts), "alice's  iphone 4b2a ")).toBe(true);
    expect(confirmsTyped(typedConfirmation(facts), 'Alice’s iPhone')).toBe(false);
    expect(confirmsTyped(typedConfirmation(facts), 'Alice’s iPhone 4B2B')).toBe(false);
    expect(confirmsTyped(typedConfirmation(facts), '')).toBe(false);
  });
});
