import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { Express } from 'express';
import { pino } from 'pino';
import { createTeamsAdapter, teamsOptions } from '../../../adapters/teams/index.ts';
import type { TeamsOptions } from '../../../adapters/teams/options.ts';
import type { ChatAdapter } from '../../../src/chat/port.ts';
import { readConfig } from '../../../src/config.ts';
import { type FakeTeams, openFakeTeams } from '../../fakes/teams/index.ts';
import { sceneNow, sceneZone } from '../../gallery/samples/scene.ts';

export type TeamsHarness = {
  teams: FakeTeams;
  /** Opens its own server when it is started, as the bot does. */
  adapter: ChatAdapter;
  /** Lines of the log, as JSON. */
  logged: string[];
  close(): Promise<void>;
};

/** The adapter over a fake Teams, reached through real HTTP on both sides. */
export async function openTeamsHarness(
  rest: Partial<TeamsOptions> = {},
  settings: Record<string, string> = {},
): Promise<TeamsHarness> {
  const teams = await openFakeTeams();
  const logged: string[] = [];
  const config = readConfig({ MISLAID_EXCHANGE: 'lab', ...teams.settings, ...settings });
  const options = teamsOptions(config, {
    clock: { now: () => sceneNow },
    timeZone: sceneZone,
    log: pino({ level: 'debug' }, { write: (line: string) => logged.push(line) }),
    images: undefined,
  });
  const adapter = createTeamsAdapter({ ...options, ...rest });
  let server: Server | undefined;
  return {
    teams,
    logged,
    adapter: {
      ...adapter,
      start: async (input) => {
        await adapter.start(input);
        const opened = await listenOn(input.app);
        server = opened.server;
        teams.botAt(opened.url);
      },
    },
    close: async () => {
      await adapter.stop();
      server?.closeAllConnections();
      server?.close();
      await teams.close();
    },
  };
}

async function listenOn(app: Express): Promise<{ server: Server; url: string }> {
  // As of the fake: idle connections stay, however long this process is halted between two requests.
  const server = createServer({ keepAliveTimeout: 0 }, app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the bot does not listen');
  return { server, url: `http://127.0.0.1:${address.port}` };
}
