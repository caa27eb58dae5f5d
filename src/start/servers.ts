import type { Organisation } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import { createFileServers } from '../servers/files/index.ts';
import { labServers } from '../servers/lab/index.ts';
import type { Servers } from '../servers/port.ts';
import { createWinrmServers } from '../servers/winrm/index.ts';
import { openWinrmPool } from '../servers/winrm/session.ts';
import { findConfiguredEngine, noPowershell } from './exchange.ts';
import type { ProcessParts } from './parts.ts';

/** Exchange Online has no servers that could be read, nor has a policy.yaml that lists none. */
const noServers = createFileServers([]);

type ServersParts = ProcessParts & { policy: Policy };

/** The lab's servers stand where the lab is the organisation, under policy's names or, where it lists none, under their own. */
const labNames = ['EX01', 'EX02', 'EX03'] as const;

/**
 * The servers of an organisation. The lab's are always the lab's own; the real ones are read as MISLAID_SERVERS says. Exchange
 * Online has none, whatever policy.yaml lists.
 */
export async function openConfiguredServers(parts: ServersParts): Promise<(organisation: Organisation) => Servers> {
  const { config, policy, db, clock } = parts;
  const onLab = config.exchange === 'lab';
  const names = onLab && policy.servers.length > 0 ? policy.servers.map(({ name }) => name) : labNames;
  const lab = labServers({ db, clock, names });
  const real = onLab ? noServers : await realServers(parts);
  return (organisation) => (organisation === 'lab' ? lab : real);
}

async function realServers({ config, policy, environment, ids, log, clock, closing }: ServersParts): Promise<Servers> {
  if (config.exchange === 'online' || policy.servers.length === 0) return noServers;
  if (config.MISLAID_SERVERS === 'files') return createFileServers(policy.servers, '', policy.timeZone);
  const engine = await findConfiguredEngine(config, environment);
  if (engine === undefined)
    throw noPowershell(
      'MISLAID_SERVERS=winrm needs PowerShell, which was not found. Set POWERSHELL_PATH to its executable.',
    );
  const pool = openWinrmPool({ engine, environment, ids, log });
  closing.add('WinRM sessions', () => pool.close());
  return createWinrmServers(policy.servers, pool, clock);
}
