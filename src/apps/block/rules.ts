/** Which exact strings of the inventory name an app's phones and nobody else's. Device access rules match exactly. Pure. */
import type { InventoryDevice, Phone } from '../phones.ts';

export const characteristics = ['DeviceType', 'DeviceModel', 'UserAgent'] as const;
export type Characteristic = (typeof characteristics)[number];

export type ChosenRule = {
  characteristic: Characteristic;
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

export function nameOn(device: InventoryDevice, characteristic: string): string {
  const values: Readonly<Record<string, string>> = {
    DeviceType: device.deviceType,
    DeviceModel: device.deviceModel,
    DeviceOS: device.deviceOs,
    UserAgent: device.userAgent,
  };
  return values[characteristic] ?? '';
}

/** Exchange compares whole strings; the case does not matter. */
export function isCaught(device: InventoryDevice, rule: { characteristic: string; queryString: string }): boolean {
  const value = nameOn(device, rule.characteristic);
  return value !== '' && value.toLowerCase() === rule.queryString.toLowerCase();
}

/**
 * Rules that catch the app's phones and no others, the fewest first: types before models before user agents, because those change
 * with every version. `all` are the phones of the whole organisation.
 */
export function chooseRules(phones: readonly Phone[], all: readonly Phone[]): RuleChoice {
  const own = new Set(phones.map(({ key }) => key));
  const rules: ChosenRule[] = [];
  let left = phones.filter(({ device }) => device !== undefined);
  for (const characteristic of characteristics) {
    const values = new Map<string, string>();
    for (const { device } of left) {
      const value = device === undefined ? '' : nameOn(device, characteristic);
      if (value !== '') values.set(value.toLowerCase(), value);
    }
    for (const queryString of values.values()) {
      const rule = { characteristic, queryString };
      const caught = all.filter(({ device }) => device !== undefined && isCaught(device, rule));
      const others = caught.filter(({ key }) => !own.has(key)).length;
      if (others > 0) continue;
      rules.push({ ...rule, phones: caught.length, others });
      left = left.filter(({ device }) => device !== undefined && !isCaught(device, rule));
    }
    if (left.length === 0) break;
  }
  return { rules: rules.sort((one, other) => other.phones - one.phones), uncovered: left };
}

/** How many phones of others a rule for this phone's strings would catch, by the string that catches fewest. */
export function narrowestString(phone: Phone, all: readonly Phone[]): ChosenRule | undefined {
  const { device } = phone;
  if (device === undefined) return undefined;
  return characteristics
    .flatMap((characteristic) => {
      const queryString = nameOn(device, characteristic);
      if (queryString === '') return [];
      const caught = all.filter(
        (other) => other.device !== undefined && isCaught(other.device, { characteristic, queryString }),
      );
      const others = caught.filter(({ app }) => app.key !== phone.app.key).length;
      return [{ characteristic, queryString, phones: caught.length - others, others }];
    })
    .sort((one, other) => one.others - other.others)[0];
}
