/** The registry of chat platforms: one folder each, one line here. */
import type { ChatAdapter } from '../src/chat/port.ts';
import type { Config } from '../src/config.ts';
import type { DoctorRow } from '../src/doctor/row.ts';
import type { ConsoleOptions } from './console/index.ts';

/** What main gives to whichever platform is opened; each takes what it needs. */
export type AdapterInput = {
  readonly config: Config;
  readonly console: ConsoleOptions;
};

export type AdapterEntry = {
  readonly name: string;
  /** `asked`: the console was asked for (`--console`). */
  enabled(config: Config, asked: boolean): boolean;
  /** Loads the platform's library only here: a start pays for what it uses. */
  create(input: AdapterInput): Promise<ChatAdapter>;
  /** For `npm run doctor`: credentials, scopes, reachability; each failing row with its mend. */
  check?(config: Config): Promise<DoctorRow[]>;
};

export const adapters: readonly AdapterEntry[] = [
  {
    name: 'console',
    enabled: (config, asked) => asked || config.platforms.length === 0,
    create: async ({ console }) => (await import('./console/index.ts')).createConsoleAdapter(console),
  },
];
