/** The registry of chat platforms: one folder each, one line here. */
import type { ChatAdapter } from '../src/chat/port.ts';
import type { Config } from '../src/config.ts';
import { type ConsoleOptions, createConsoleAdapter } from './console/index.ts';

/** What main gives to whichever platform is opened; each takes what it needs. */
export type AdapterInput = {
  readonly config: Config;
  readonly console: ConsoleOptions;
};

export type AdapterEntry = {
  readonly name: string;
  /** `asked`: the console was asked for (`--console`). */
  enabled(config: Config, asked: boolean): boolean;
  create(input: AdapterInput): ChatAdapter;
};

export const adapters: readonly AdapterEntry[] = [
  {
    name: 'console',
    enabled: (config, asked) => asked || config.platforms.length === 0,
    create: ({ console }) => createConsoleAdapter(console),
  },
];
