/** Which exact strings of the inventory name an app's phones and nobody else's. Device access rules match exactly. Pure. */
import { groupedBy } from '../../ground/grouped.ts';
import type { InventoryDevice, Phone } from '../phones.ts';

const characteristics = ['DeviceType', 'DeviceModel', 'UserAgent'] as const;

type ChosenRule = {
  characteristic: (typeof characteristics)[number];
  queryString: string;
  /** Phones of the app that it catches, and of others. */
  phones: number;
  others: number;
};

export type RuleChoice = {
  rules: ChosenRule[];
  /** Phones of the app that no string names without catching others as well: a personal block is left. */
  uncovered: Phone[];
};

const nameFields: Readonly<Record<string, 'deviceType' | 'deviceModel' | 'deviceOs' | 'userAgent'>> = {
  DeviceType: 'deviceType',
  DeviceModel: 'deviceModel',
  DeviceOS: 'deviceOs',
  UserAgent: 'userAgent',
};

function nameOn(device: InventoryDevice, characteristic: string): string {
  const field = nameFields[characteristic];
  return field === undefined ? '' : device[field];
}

/** Exchange compares whole strings; the case does not matter. It knows no rule for a phone that only the logs show. */
export function isCaught({ device }: Phone, rule: { characteristic: string; queryString: string }): boolean {
  const name = device === undefined ? '' : nameOn(device, rule.characteristic);
  return name !== '' && name.toLowerCase() === rule.queryString.toLowerCase();
}

/** Whom a rule for a string would catch, of a whole organisation's phones. */
export type Catches = (rule: { characteristic: string; queryString: string }) => readonly Phone[];

/** Goes through the phones once for each characteristic that is asked about. */
export function catchesAmong(all: readonly Phone[]): Catches {
  const known = new Map<string, ReadonlyMap<string, readonly Phone[]>>();
  const byName = (characteristic: string): ReadonlyMap<string, readonly Phone[]> => {
    const phones = new Map<string, Phone[]>();
    const spelt = groupedBy(all, ({ device }) => (device === undefined ? '' : nameOn(device, characteristic)));
    for (const [name, group] of spelt) {
      if (name === '') continue;
      const others = phones.get(name.toLowerCase());
      phones.set(name.toLowerCase(), others === undefined ? group : inOrder(all, [...others, ...group]));
    }
    return phones;
  };
  return ({ characteristic, queryString }) => {
    const names = known.get(characteristic) ?? byName(characteristic);
    known.set(characteristic, names);
    return names.get(queryString.toLowerCase()) ?? [];
  };
}

/** A string in two spellings: its phones as they stand among all of them. */
function inOrder(all: readonly Phone[], phones: readonly Phone[]): Phone[] {
  const wanted = new Set(phones);
  return all.filter((phone) => wanted.has(phone));
}

/**
 * Rules that catch the app's phones and no others, the fewest first: types before models before user agents, because those change
 * with every version. `all` are the phones of the whole organisation.
 */
export function chooseRules(phones: readonly Phone[], all: readonly Phone[]): RuleChoice {
  const own = new Set(phones.map(({ key }) => key));
  const catches = catchesAmong(all);
  const rules: ChosenRule[] = [];
  let left = phones.filter(({ device }) => device !== undefined);
  for (const characteristic of characteristics) {
    const names = left.flatMap(({ device }) => (device === undefined ? [] : [nameOn(device, characteristic)]));
    const byLowerCase = new Map(names.filter((name) => name !== '').map((name) => [name.toLowerCase(), name]));
    for (const queryString of byLowerCase.values()) {
      const caught = catches({ characteristic, queryString });
      if (caught.some(({ key }) => !own.has(key))) continue;
      const rule = { characteristic, queryString, phones: caught.length, others: 0 };
      rules.push(rule);
      left = left.filter((phone) => !isCaught(phone, rule));
    }
  }
  return { rules: rules.sort((one, other) => other.phones - one.phones), uncovered: left };
}

/** How many phones of others a rule for this phone's strings would catch, by the string that catches fewest. */
export function narrowestString(phone: Phone, catches: Catches): ChosenRule | undefined {
  const { device, app } = phone;
  if (device === undefined) return undefined;
  return characteristics
    .map((characteristic) => ({ characteristic, queryString: nameOn(device, characteristic) }))
    .filter(({ queryString }) => queryString !== '')
    .map((rule) => {
      const caught = catches(rule);
      const others = caught.filter((other) => other.app.key !== app.key).length;
      return { ...rule, phones: caught.length - others, others };
    })
    .sort((one, other) => one.others - other.others)[0];
}
