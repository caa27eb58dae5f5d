import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { removeLabPartnership } from '../lab/wipes.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';

/** Deletes the partnership, and with it a wipe that is on its way. A phone that still syncs creates a new one. */
export const removeMobileDevice = defineCmdlet({
  id: 'remove-mobile-device',
  name: 'Remove-MobileDevice',
  effect: 'destroy',
  params: z.strictObject({ Identity: Guid }),
  fixed: { Confirm: false },
  identity: 'Identity',
  ...noRows,
  simulate: async (lab, { Identity }) => {
    await removeLabPartnership(lab, Identity);
    return [];
  },
});
