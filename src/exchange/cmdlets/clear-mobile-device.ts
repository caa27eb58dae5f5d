import { z } from 'zod';
import { Guid } from '../../ground/identifiers.ts';
import { requestWipe } from '../lab/wipes.ts';
import { defineCmdlet } from '../port.ts';
import { noRows } from '../values.ts';

/**
 * Asks for a remote wipe. Without -AccountOnly a native mail app resets the whole phone, private photos included;
 * Outlook only resets itself. Answers nothing: what it did is read from the statistics.
 */
export const clearMobileDevice = defineCmdlet({
  id: 'clear-mobile-device',
  name: 'Clear-MobileDevice',
  effect: 'destroy',
  params: z.strictObject({
    Identity: Guid,
    /** Only work mail, contacts and calendar; the client must speak EAS 16.1, and this Exchange must have it. */
    AccountOnly: z.literal(true).optional(),
    /** Who is told by e-mail when the device acknowledges. */
    NotificationEmailAddresses: z.array(z.string()).min(1).optional(),
  }),
  fixed: { Confirm: false },
  identity: 'Identity',
  ...noRows,
  simulate: async (lab, { Identity, AccountOnly, NotificationEmailAddresses }) => {
    await requestWipe(lab, {
      guid: Identity,
      accountOnly: AccountOnly === true,
      notify: NotificationEmailAddresses ?? [],
    });
    return [];
  },
});
