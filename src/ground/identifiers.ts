/** Identifiers that every floor speaks of: whose phone it is, which Exchange knows it, which file of a server is meant. */
import { z } from 'zod';

/** Exchange's ExchangeGuid of the person's mailbox: one person, however many addresses and chat accounts. Lower case. */
export type PersonGuid = string;

/** Lower-cased GUID with dashes, as Exchange prints it. */
export const Guid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
  .transform((value) => value.toLowerCase());

/** Which Exchange a row belongs to. Beside a real organisation, lab people exist only inside a drill. */
export type Organisation = 'real' | 'lab';

/** One log of one server: `frontEnd` and `backEnd` are IIS W3C, `httpProxy` is CSV, `edge` is the balancer's access log. */
export type LogKind = 'frontEnd' | 'backEnd' | 'httpProxy' | 'edge';

/** One web.config: `sync` is the back end's ClientAccess\\Sync, the others are the front end's HttpProxy folders. */
export type ConfigKind = 'sync' | 'ewsFrontEnd' | 'easFrontEnd';
