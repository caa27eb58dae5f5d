import { afterEach, beforeEach, expect, it } from 'vitest';
import { payloadFor } from '../../../src/apps/block/propose.ts';
import type { AppBlock } from '../../../src/apps/block/steps.ts';
import { storeSetting } from '../../../src/store/settings.ts';
import { type TestStore, testStore } from '../../setup/store.ts';

let base: TestStore;
beforeEach(async () => {
  base = await testStore();
});
afterEach(() => base.close());

const known = (version: string) => ({ version, accountOnly: true, reportsWipes: true, cmdlets: {}, simulation: false });

it('the EWS block list is for Exchange on premises only', async () => {
  const now = base.clock.now();
  const block: AppBlock = {
    id: 1,
    organisation: 'lab',
    app: 'cloudmagic',
    name: 'CloudMagic',
    state: 'open',
    requestedBy: 'a',
    requestedAt: now,
    since: null,
    endedAt: null,
    endedBy: null,
    verdict: null,
    verdictAt: null,
  };
  const ews = async () => payloadFor(base.db, { block, stage: 'ews', now });

  await storeSetting(base.db, 'capabilities:lab', known('SE'));
  expect(await ews()).toEqual({ kind: 'ews', agents: ['*CloudMagic*'] });
  await storeSetting(base.db, 'capabilities:lab', known('online'));
  await expect(ews()).rejects.toThrow(/EWSAllowedAppIDs/);
});
