/** Organisations whose phones take several ways to Exchange, and their whole reading from what they did, without a store. */
import { askedOf, costOf } from '../../src/heartbeat/asked.ts';
import { movingAverage, whoPulls } from '../../src/heartbeat/moving-average.ts';
import { readEdges } from '../../src/heartbeat/read-edges.ts';
import type { ServerObservation } from '../../src/heartbeat/read-observations.ts';
import type { Reading, ServerReading } from '../../src/heartbeat/reading.ts';
import { defaultValues } from '../../src/heartbeat/values.ts';
import { overallVerdict, serverVerdict } from '../../src/heartbeat/verdict.ts';
import type { Policy } from '../../src/policy.ts';
import { seeded } from '../fixtures/activesync-logs.ts';
import { live, type World, type WorldPhone } from './generator.ts';
import { organisation, withoutEdge } from './worlds.ts';

/** Phones of one kind: a third stays in the office, the others are in the office and outside. */
function roaming(phones: readonly WorldPhone[], outside: string): WorldPhone[] {
  return phones
    .slice(0, 24)
    .map((phone, index) => ({ ...phone, network: 'Office', ...(index % 3 === 0 ? {} : { away: outside }) }));
}

const timeouts = [120, 180, 240, 299, 300, 360, 600, 660, 900, 1200];

export type Ways = World & Required<Pick<World, 'edge'>>;

/** A firewall that only connections from outside pass. */
export function throughFirewall(seed: number): Ways {
  const random = seeded(seed * 43 + 5);
  const world = organisation(seed);
  const seconds = timeouts[Math.floor(random() * timeouts.length)] ?? 300;
  return {
    ...world,
    phones: roaming(world.phones, ''),
    edge: { seconds, how: 'reset', lateSeconds: random() * 2, networks: [''] },
  };
}

/** A pair whose one node has the timeout. */
export function oneNode(seed: number): Ways {
  const random = seeded(seed * 47 + 9);
  const world = organisation(seed);
  const seconds = timeouts[Math.floor(random() * timeouts.length)] ?? 300;
  return {
    ...world,
    phones: world.phones.slice(0, 24),
    edge: { seconds, how: 'reset', lateSeconds: random() * 2, share: 0.3 + random() * 0.4 },
  };
}

/** What may look like an edge and is none, with phones that are at several places. */
export function withoutEdgeRoaming(seed: number): World {
  const world = withoutEdge(seed);
  const isCarrier = ({ network }: WorldPhone) => network === 'Carrier A';
  return {
    ...world,
    phones: world.phones
      .slice(0, 40)
      .map((phone, index) => (isCarrier(phone) || index % 3 === 0 ? phone : { ...phone, network: 'Office', away: '' })),
  };
}

/** As `readHeartbeats` comes to it from the store; `worlds` by the names of servers. */
export async function readWays(worlds: Readonly<Record<string, World>>, policy: Policy): Promise<Reading> {
  const values = defaultValues;
  const lives = Object.entries(worlds).map(([server, world]) => ({ server, world, ...live(world) }));
  const lately = lives.flatMap(({ server, observations }) =>
    observations.map(
      (each): ServerObservation => ({ ...each, client: `${server} ${each.client}`, server, command: 'Ping' }),
    ),
  );
  const names = Object.keys(worlds);
  const edges = await readEdges({
    policy,
    servers: names.map((server) => ({ server, values })),
    lately,
    read: async (_hours, servers) => lately.filter(({ server }) => servers.includes(server)),
  });
  const servers = lives.map(({ server, world, requests }): ServerReading => {
    const mine = lately.filter((each) => each.server === server);
    const samples = requests
      .filter(({ collision }) => !collision)
      .sort((a, b) => a.start - b.start)
      .slice(-values.sampleSize)
      .map(({ phone, start, asked }) => ({
        account: `user${phone}`,
        deviceId: `${server}PHONE${phone}`,
        deviceType: world.phones[phone]?.deviceType ?? '',
        command: 'Ping',
        startedAt: new Date(start * 1000),
        asked,
      }));
    const whole = {
      server,
      edge: policy.servers.find(({ name }) => name === server)?.edge,
      unseen: [],
      remarks: [],
      values,
      valueProblems: [],
      averages: [movingAverage(samples, { ...values, command: 'Ping' })],
      pull: whoPulls(samples, values),
      asked: askedOf(mine),
      cost: costOf(mine, values.max),
    };
    return { ...whole, verdict: serverVerdict(whole, edges) };
  });
  return {
    at: '2026-03-03T00:00:00.000Z',
    hours: 24,
    servers,
    edges,
    differences: [],
    ...overallVerdict(servers, []),
    changes: [],
  };
}
