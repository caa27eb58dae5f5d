import type { z } from 'zod';

type Target = { Mailbox?: string | undefined; Identity?: string | undefined };

/** Ties the two parameter sets of the device reads together: a mailbox or a device, never neither, never both. */
export function exactlyOneTarget<T extends z.ZodType<Target>>(params: T): T {
  return params.refine(
    ({ Mailbox, Identity }) => (Mailbox === undefined) !== (Identity === undefined),
    'name a mailbox or a device, and only one of them',
  );
}
