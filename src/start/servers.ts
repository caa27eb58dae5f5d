import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Organisation } from '../directory/person.ts';
import type { Exchange } from '../exchange/port.ts';
import type { Policy } from '../policy.ts';
import { createFileServers } from '../servers/files/index.ts';
import { labServers } from '../servers/lab/index.ts';
import { noServers } from '../servers/none.ts';
import type { Servers } from '../servers/port.ts';
import type { Database } from '../store/schema.ts';

export type ServersParts = {
  config: Config;
  policy: Policy;
  db: Kysely<Database>;
  clock: Clock;
  exchange: (organisation: Organisation) => Exchange;
};

/** The lab's servers stand where the lab is the organisation, under policy's names or, where it lists none, under their own. */
const labNames = ['EX01', 'EX02', 'EX03'] as const;

/**
 * The servers of an organisation. The lab's are always the lab's own; the real ones are read as MISLAID_SERVERS says. Exchange
 * Online has none, whatever policy.yaml lists.
 */
export function openConfiguredServers(parts: ServersParts): (organisation: Organisation) => Servers {
  const { config, policy, db, clock } = parts;
  const onLab = config.exchange === 'lab';
  const names = onLab && policy.servers.length > 0 ? policy.servers.map(({ name }) => name) : labNames;
  const lab = labServers({ db, clock, names });
  const real = onLab ? noServers : realServers(parts);
  return (organisation) => (organisation === 'lab' ? lab : real);
}

function realServers({ config, policy }: ServersParts): Servers {
  if (config.exchange === 'online' || policy.servers.length === 0) return noServers;
  return createFileServers(policy.servers);
}
