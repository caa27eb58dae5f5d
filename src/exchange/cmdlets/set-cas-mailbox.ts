import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { changeMobileSettings } from '../lab/settings.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';

/** A plain list would overwrite what is there, so lists only grow or shrink. */
const ListChange = z.union([
  z.strictObject({ Add: z.array(z.string()).min(1) }),
  z.strictObject({ Remove: z.array(z.string()).min(1) }),
]);

/** Changes what a mailbox lets mobile clients do: blocks or allows single devices by DeviceId, or ActiveSync as a whole. */
export const setCasMailbox = defineCmdlet({
  id: 'set-cas-mailbox',
  name: 'Set-CASMailbox',
  effect: 'change',
  params: z
    .strictObject({
      Identity: Guid,
      ActiveSyncBlockedDeviceIDs: ListChange.optional(),
      ActiveSyncAllowedDeviceIDs: ListChange.optional(),
      ActiveSyncEnabled: z.boolean().optional(),
    })
    .refine(
      ({ Identity: _, ...changes }) => Object.values(changes).some((change) => change !== undefined),
      'changes nothing',
    ),
  identity: 'Identity',
  ...noRows,
  simulate: async (lab, params) => {
    await changeMobileSettings(lab, {
      identity: params.Identity,
      blocked: params.ActiveSyncBlockedDeviceIDs,
      allowed: params.ActiveSyncAllowedDeviceIDs,
      activeSyncEnabled: params.ActiveSyncEnabled,
    });
    return [];
  },
});
