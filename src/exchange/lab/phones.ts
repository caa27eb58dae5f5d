/** The phones of the lab: one line each, and what is special about it. */
import type { LabRhythm } from '../../store/tables/lab.ts';

type Make = {
  deviceType: string;
  clientType: 'EAS' | 'REST' | 'Outlook';
  clientVersion: string;
  deviceOs: string;
  userAgent: string;
  wipeSupported: boolean;
  deviceId: (hex: string) => string;
};

const iPhone: Make = {
  deviceType: 'iPhone',
  clientType: 'EAS',
  clientVersion: '16.1',
  deviceOs: 'iOS 18.1 22B83',
  userAgent: 'Apple-iPhone15C4/2202.83',
  wipeSupported: true,
  deviceId: (hex) => hex.slice(0, 26).toUpperCase(),
};
const iPad: Make = { ...iPhone, deviceType: 'iPad', userAgent: 'Apple-iPad13C1/2202.83' };
const android: Make = {
  deviceType: 'Android',
  clientType: 'EAS',
  clientVersion: '14.1',
  deviceOs: 'Android 14',
  userAgent: 'Android-Mail/2024.09.15',
  wipeSupported: true,
  deviceId: (hex) => `androidc${hex.slice(0, 10)}`,
};
const samsung: Make = { ...android, deviceType: 'SamsungDevice', userAgent: 'SAMSUNG-SM-S911B/101.14' };
const outlook: Make = {
  deviceType: 'Outlook',
  clientType: 'Outlook',
  clientVersion: '161',
  deviceOs: 'Android 15',
  userAgent: 'Outlook-Android/2.0',
  wipeSupported: true,
  deviceId: (hex) => hex.slice(0, 32),
};
const outlookIos: Make = { ...outlook, deviceOs: 'iOS 18.1', userAgent: 'Outlook-iOS/2.0' };
const cloudMagic: Make = {
  deviceType: 'CloudMagic',
  clientType: 'EAS',
  clientVersion: '14.1',
  deviceOs: '',
  userAgent: 'CloudMagic/3.2',
  wipeSupported: false,
  deviceId: (hex) => `cm${hex.slice(0, 20)}`,
};
const nokia: Make = {
  ...android,
  deviceType: 'NokiaE63',
  clientVersion: '12.1',
  deviceOs: 'Symbian',
  userAgent: 'NokiaE63/2.09',
  wipeSupported: false,
  deviceId: (hex) => `IMEI${hex.replace(/\D/g, '').padEnd(15, '7').slice(0, 15)}`,
};

export type LabPhoneSeed = {
  owner: string;
  make: Make;
  friendlyName: string;
  model: string;
  rhythm: LabRhythm;
  /** Seconds: the heartbeat it would like, or how often it looks. */
  seconds: number;
  /** Where it calls from. */
  network: 'mobile' | 'hosting';
  /** It was last seen so many hours ago and never comes back; absent: it comes. */
  silentForHours?: number;
  neverSynced?: boolean;
  access?: { state: string; reason: string };
  /** On the personal block list of its mailbox. */
  blocked?: boolean;
  managed?: boolean;
  stalePassword?: boolean;
  refusesWipe?: boolean;
  silentWipe?: boolean;
  policyStatus?: string;
};

function phone(
  owner: string,
  make: Make,
  friendlyName: string,
  model: string,
  rhythm: LabRhythm,
  seconds: number,
  rest: Partial<LabPhoneSeed> = {},
): LabPhoneSeed {
  return { owner, make, friendlyName, model, rhythm, seconds, network: 'mobile', ...rest };
}

export const labPhones: readonly LabPhoneSeed[] = [
  phone('alice.ng', iPhone, 'iPhone 15', 'iPhone15C4', 'push', 900),
  phone('alice.ng', outlook, 'Outlook for Android', 'Pixel 8', 'poll', 5400, { silentForHours: 64 }),
  phone('alice.ng', samsung, 'Galaxy S9', 'SM-G960F', 'poll', 1800, {
    silentForHours: 212 * 24,
    access: { state: 'Quarantined', reason: 'Global' },
  }),
  phone('alice.moreau', iPhone, 'iPhone 13', 'iPhone14C5', 'push', 3540),
  phone('alice.moreau', outlookIos, 'Outlook for iOS', 'iPhone 13', 'poll', 3600),
  phone('bob', samsung, 'Galaxy S23', 'SM-S911B', 'push', 3540),
  phone('bob', cloudMagic, 'CloudMagic', 'CloudMagic Mail', 'poll', 300, {
    network: 'hosting',
    policyStatus: 'NotApplied',
  }),
  phone('hana', iPhone, 'iPhone 14', 'iPhone14C7', 'push', 3540),
  phone('hugo', android, 'Pixel 7', 'Pixel 7', 'push', 1680),
  phone('hugo', android, 'Pixel 9', 'Pixel 9', 'poll', 3600, { neverSynced: true }),
  phone('otto', iPhone, 'iPhone 15 Pro', 'iPhone16C1', 'push', 3540),
  phone('otto', iPad, "Otto's iPad", 'iPad13C1', 'push', 3540),
  phone('ada', iPhone, 'iPhone 12', 'iPhone13C2', 'push', 3540),
  phone('sasha', iPhone, 'iPhone 16', 'iPhone17C3', 'push', 3540, {
    managed: true,
    access: { state: 'Allowed', reason: 'ExternallyManaged' },
  }),
  phone('sasha', outlookIos, 'Outlook for iOS', 'iPad Pro', 'poll', 3600),
  phone('ines', samsung, 'Galaxy A54', 'SM-A546B', 'push', 3540),
  phone('ines', cloudMagic, 'CloudMagic', 'CloudMagic Mail', 'poll', 300, {
    network: 'hosting',
    policyStatus: 'NotApplied',
  }),
  phone('victoria', iPhone, 'iPhone 15 Pro Max', 'iPhone16C2', 'push', 3540),
  phone('victoria', iPad, 'iPad Air', 'iPad14C8', 'poll', 900),
  phone('dieter', iPhone, 'iPhone 8', 'iPhone10C1', 'push', 3540),
  phone('pavel', iPhone, 'iPhone 11', 'iPhone12C1', 'push', 3540, { stalePassword: true }),
  phone('mei', samsung, 'Galaxy S21', 'SM-G991B', 'push', 1680, { refusesWipe: true }),
  phone('tom', android, 'Pixel 6', 'Pixel 6', 'push', 1680, { silentWipe: true }),
  phone('renee', iPhone, 'iPhone', 'iPhone15C3', 'push', 3540),
  phone('renee', iPhone, 'iPhone', 'iPhone12C8', 'poll', 3600),
  phone('karl', iPhone, 'iPhone SE', 'iPhone14C6', 'push', 3540, { silentForHours: 9 }),
  phone('gita', cloudMagic, 'CloudMagic', 'CloudMagic', 'poll', 300, {
    network: 'hosting',
    policyStatus: 'NotApplied',
  }),
  phone('gita', nokia, 'Nokia E63', 'NokiaE63', 'poll', 1800, { policyStatus: 'PartiallyApplied' }),
  phone('gita', samsung, 'Galaxy Note 9', 'SM-N960F', 'poll', 1800, { blocked: true }),
];
