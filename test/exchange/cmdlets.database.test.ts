import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { getActiveSyncDeviceAccessRule } from '../../src/exchange/cmdlets/get-activesync-device-access-rule.ts';
import { getActiveSyncDeviceClass } from '../../src/exchange/cmdlets/get-activesync-device-class.ts';
import { getActiveSyncOrganizationSettings } from '../../src/exchange/cmdlets/get-activesync-organization-settings.ts';
import { getMobileDevice } from '../../src/exchange/cmdlets/get-mobile-device.ts';
import { newActiveSyncDeviceAccessRule } from '../../src/exchange/cmdlets/new-activesync-device-access-rule.ts';
import { removeActiveSyncDeviceAccessRule } from '../../src/exchange/cmdlets/remove-activesync-device-access-rule.ts';
import { setActiveSyncDeviceAccessRule } from '../../src/exchange/cmdlets/set-activesync-device-access-rule.ts';
import { labCapabilities } from '../../src/exchange/lab/capabilities.ts';
import { type OpenLab, openTestLab } from './lab/open.ts';

const folder = new URL('../../src/exchange/cmdlets/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));

const Described = z.object({
  id: z.string(),
  name: z.string(),
  effect: z.enum(['read', 'change', 'destroy']),
  identity: z.string().optional(),
  fixed: z.record(z.string(), z.unknown()).optional(),
  select: z.array(z.string()),
  simulate: z.function(),
});

async function described(file: string) {
  const module: Record<string, unknown> = await import(new URL(file, folder).href);
  return Object.values(module).flatMap((value) => {
    const parsed = Described.safeParse(value);
    return parsed.success ? [parsed.data] : [];
  });
}

describe('cmdlets', () => {
  it.each(files)('%s describes one cmdlet, which the lab offers', async (file) => {
    const cmdlets = await described(file);
    expect(cmdlets.map((cmdlet) => `${cmdlet.id}.ts`)).toEqual([file]);
    for (const { name, effect, identity, fixed } of cmdlets) {
      const offered = labCapabilities.cmdlets[name];
      expect(offered).toBeDefined();
      for (const parameter of Object.keys(fixed ?? {})) expect(offered).toContain(parameter);
      // What changes something always names its target.
      if (effect !== 'read') expect(identity).toBeDefined();
      if (/^(Clear|Remove)-MobileDevice$/.test(name)) expect(fixed).toMatchObject({ Confirm: false });
      if (effect === 'destroy') expect(name).toMatch(/^(Clear|Remove)-MobileDevice$/);
    }
  });
});

describe('access rules', () => {
  let lab: OpenLab;
  beforeAll(async () => {
    lab = await openTestLab();
  });
  afterAll(() => lab.database.close());

  it('block exactly the devices with the string, and let them in again', async () => {
    const { exchange } = lab;
    const guid = await lab.phone('ines', 'CloudMagic');
    const state = async () => (await exchange.run(getMobileDevice, { Identity: guid }))[0];
    const rule = { AccessLevel: 'Block', Characteristic: 'DeviceType', QueryString: 'CloudMagic' } as const;

    await exchange.run(newActiveSyncDeviceAccessRule, { ...rule, QueryString: 'Cloud' });
    expect(await state()).toMatchObject({ accessState: 'Allowed', accessReason: 'Global' });
    const [added] = await exchange.run(newActiveSyncDeviceAccessRule, rule);
    expect(added).toMatchObject({ name: 'CloudMagic(DeviceType)', accessLevel: 'Block' });
    expect(await state()).toMatchObject({ accessState: 'Blocked', accessReason: 'DeviceRule' });
    await expect(exchange.run(newActiveSyncDeviceAccessRule, rule)).rejects.toMatchObject({ code: 'exchange-refused' });

    const Identity = added?.guid ?? '';
    await exchange.run(setActiveSyncDeviceAccessRule, { Identity, AccessLevel: 'Quarantine' });
    expect(await state()).toMatchObject({ accessState: 'Quarantined', accessRule: 'CloudMagic(DeviceType)' });
    expect(await exchange.run(getActiveSyncDeviceAccessRule, {})).toHaveLength(2);
    await exchange.run(removeActiveSyncDeviceAccessRule, { Identity });
    expect(await state()).toMatchObject({ accessState: 'Allowed', accessRule: '' });
    await expect(exchange.run(removeActiveSyncDeviceAccessRule, { Identity })).rejects.toMatchObject({
      code: 'exchange-not-found',
    });
  });

  it('stand beside the default and the known classes', async () => {
    expect(await lab.exchange.run(getActiveSyncOrganizationSettings, {})).toMatchObject([
      { defaultAccessLevel: 'Allow' },
    ]);
    const classes = await lab.exchange.run(getActiveSyncDeviceClass, {});
    expect(classes.map((one) => one.deviceModel)).toEqual(expect.arrayContaining(['CloudMagic', 'CloudMagic Mail']));
  });
});
