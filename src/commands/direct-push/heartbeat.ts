import { z } from 'zod';
import { minute } from '../../ground/durations.ts';
import { latestReading } from '../../heartbeat/readings.ts';
import { showHeartbeat } from '../../heartbeat/show.ts';
import { privateAnswer } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { refusal } from '../refusal.ts';

/** A reading that is younger than this answers at once. */
const freshMs = 10 * minute;

export const heartbeatCommand = defineCommand({
  id: 'heartbeat',
  topic: 'direct-push',
  patterns: ['heartbeat [of|on] [<server>]', 'direct push [on <server>]', 'heartbeats'],
  examples: ['heartbeat', 'heartbeat EX02', 'direct push'],
  args: z.object({ server: z.string().trim().min(1).max(100).optional(), fresh: z.boolean().optional() }),
  roles: ['helpdesk', 'security', 'admin'],
  effect: 'read',
  intents: [
    {
      title: 'Show how Direct Push does',
      needs: ['push'],
      likes: ['doing'],
      never: ['person', 'explain', 'password'],
      about: 'nothing',
      strangers: 1,
    },
  ],
  summary: 'Whether phones can hold their connections, where they are cut, and what to change',
  details:
    'Configured values, event 1040, what phones ask for and how it ends, the idle timeout in front of each server, a verdict, and what it costs. "heartbeat EX02" tells all of one server.',
  async run(context, { server: typed, fresh = false }) {
    const { store, policy, organisation, clock, ids, actor, log } = context;
    const reading = await latestReading(store.db, organisation);
    const known = reading?.servers.map(({ server }) => server) ?? policy.servers.map(({ name }) => name);
    const server = typed === undefined ? undefined : known.find((name) => name.toLowerCase() === typed.toLowerCase());
    if (typed !== undefined && server === undefined) {
      throw refusal(
        'no-such-server',
        `I know no server of that name.${known.length === 0 ? '' : ` There is ${known.join(', ')}.`}`,
      );
    }
    if (reading !== undefined && !fresh && clock.now().getTime() - Date.parse(reading.at) < freshMs) {
      return { private: await showHeartbeat({ db: store.db, log, reading, organisation, server }) };
    }
    await store.change((change) =>
      change.enqueue('read-heartbeat', { organisation, server, identity: actor.identity, token: ids.token() }),
    );
    return privateAnswer(`I am looking at ${server ?? 'the servers'} and will answer here.`);
  },
});
