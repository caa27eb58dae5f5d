import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { cancelWipe } from '../lab/wipes.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';

/**
 * `Clear-MobileDevice -Cancel`: takes a wipe back that was not handed to the device yet. Too late is only a warning,
 * so the statistics must be read again to know. A description of its own, because it saves instead of destroying.
 */
export const cancelMobileDeviceWipe = defineCmdlet({
  id: 'cancel-mobile-device-wipe',
  name: 'Clear-MobileDevice',
  effect: 'change',
  params: z.strictObject({ Identity: Guid }),
  fixed: { Cancel: true, Confirm: false },
  identity: 'Identity',
  ...noRows,
  simulate: async (lab, { Identity }) => {
    await cancelWipe(lab, Identity);
    return [];
  },
});
