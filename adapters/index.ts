/** The registry of chat platforms: one folder each, one line here. */
import type { Logger } from 'pino';
import type { ChatAdapter } from '../src/chat/port.ts';
import type { Config } from '../src/config.ts';
import type { Clock, Ids } from '../src/ground/clock.ts';
import type { DoctorRow } from '../src/ground/doctor-row.ts';
import type { Announcements } from './announcements.ts';
import type { ConsoleOptions } from './console/index.ts';
import type { WebOptions } from './web/index.ts';

/** What main gives to whichever platform is opened; each takes what it needs. */
export type AdapterInput = {
  readonly config: Config;
  readonly console: ConsoleOptions;
  readonly web: Pick<WebOptions, 'personas' | 'places' | 'phones' | 'history'>;
  /** Shown by the console, where there is one. */
  readonly announcements: Announcements;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** policy.yaml's zone as it is now: for times that no reader's own zone is known for. */
  timeZone(): string;
  /** policy.yaml's groups whose members are helpdesk now, of every platform. */
  helpdeskGroups(): readonly string[];
  /** A PNG of the store, for platforms that must upload or embed it. */
  images(id: string): Promise<{ readonly png: Buffer; readonly alt: string } | undefined>;
};

/** What the command line asks for. */
export type Asked = { readonly console: boolean; readonly web: boolean };

export type AdapterEntry = {
  readonly name: string;
  enabled(config: Config, asked: Asked): boolean;
  /** Loads the platform's library only here: a start pays for what it uses. */
  create(input: AdapterInput): Promise<ChatAdapter>;
  /** For `npm run doctor`: credentials, scopes, reachability; each failing row with its remedy. */
  check?(config: Config): Promise<DoctorRow[]>;
};

export const adapters: readonly AdapterEntry[] = [
  {
    name: 'console',
    enabled: (config, asked) => asked.console || config.platforms.length === 0,
    create: async ({ console }) => new (await import('./console/index.ts')).ConsoleAdapter(console),
  },
  {
    name: 'web',
    // Where the console may speak as anyone; that Exchange is simulated, whoever creates it knows.
    enabled: (config, asked) => asked.web && config.platforms.length === 0 && config.NODE_ENV !== 'production',
    create: async (input) => (await import('./web/open.ts')).openWeb(input),
  },
  {
    name: 'slack',
    enabled: (config) => config.platforms.includes('slack'),
    create: async (input) => (await import('./slack/index.ts')).openSlack(input),
    check: async (config) => (await import('./slack/doctor.ts')).slackDoctor(config),
  },
  {
    name: 'teams',
    enabled: (config) => config.platforms.includes('teams'),
    create: async ({ config, timeZone, ...rest }) => {
      const { createTeamsAdapter, teamsOptions } = await import('./teams/index.ts');
      return createTeamsAdapter(teamsOptions(config, { ...rest, timeZone: timeZone() }));
    },
    check: async (config) => (await import('./teams/doctor.ts')).teamsDoctor(config),
  },
];
