import type { ConfidentialClientApplication } from '@azure/msal-node';
import type { Logger } from 'pino';
import type { Clock } from '../../src/ground/clock.ts';

export type TeamsOptions = {
  /** Absent in development: nothing is checked and nothing signed, on loopback alone. */
  appId?: string | undefined;
  tenant: string;
  /** The bot's account in Entra ID; absent in development. */
  client?: ConfidentialClientApplication | undefined;
  openIdMetadataUrl?: string | undefined;
  /** For whom our tokens are. */
  audience: string;
  /** Where to post before Teams was heard from. */
  serviceUrl: string;
  graphUrl?: string | undefined;
  images?: ((id: string) => Promise<{ readonly png: Uint8Array } | undefined>) | undefined;
  clock: Clock;
  /** For notifications; cards show times in the reader's zone. */
  timeZone: string;
  log: Logger;
};
