import type { Config } from '../config.ts';
import { createLabClock } from '../exchange/lab/clock.ts';
import { type LabInput, openLab } from '../exchange/lab/index.ts';
import { isLabSmall } from '../exchange/lab/mailboxes.ts';
import { seedLab } from '../exchange/lab/seed.ts';
import { startLabTicker } from '../exchange/lab/ticker.ts';
import type { Exchange } from '../exchange/port.ts';
import type { ExchangeConnection } from '../exchange/powershell/connection.ts';
import { createPowershellTransport, findEngine } from '../exchange/powershell/transport.ts';
import { createExchange } from '../exchange/run.ts';
import { logOnce } from '../exchange/unreadable.ts';
import { type Clock, systemClock } from '../ground/clock.ts';
import type { Environment } from '../ground/environment.ts';
import { hostError, internalError, type MislaidError } from '../ground/errors.ts';
import type { Organisation } from '../ground/identifiers.ts';
import type { Policy } from '../policy.ts';
import type { ProcessParts } from './parts.ts';

export type OpenExchange = {
  /** Which organisation commands are about. */
  readonly organisation: Organisation;
  /** Real time, or the lab's. */
  readonly clock: Clock;
  exchange(organisation: Organisation): Exchange;
  /** Whether everybody can be read while somebody waits for the prompt. */
  readonly isSmall: () => Promise<boolean>;
};

type ExchangeParts = Omit<ProcessParts, 'clock'> & {
  policy: Policy;
  onLabChange?: LabInput['onChange'];
  /** Told how each call to a real Exchange ended. */
  onExchangeCall?: Parameters<typeof createExchange>[0]['onCall'];
};

/** Opens the Exchange that is configured. The lab is always there beside it, for drills; on a simulated one its clock is moved. */
export async function openConfiguredExchange(parts: ExchangeParts): Promise<OpenExchange> {
  const { config, db, policy, log, closing } = parts;
  const onLab = config.exchange === 'lab';
  const labClock = await createLabClock({
    db,
    onError: (error) => log.warn({ err: error }, 'the lab clock could not be read'),
  });
  closing.add('lab clock', () => labClock.stop());
  const clock = onLab ? labClock : systemClock;
  await seedLab({ db, clock });
  const lab = openLab({
    db,
    clock,
    requestor: policy.exchange.requestor,
    ...(parts.onLabChange === undefined ? {} : { onChange: parts.onLabChange }),
  });
  const ticker = startLabTicker({
    db,
    clock,
    speed: config.LAB_SPEED,
    random: Math.random,
    ids: parts.ids,
    onError: (error) => log.warn({ err: error }, 'the lab could not tick'),
  });
  closing.add('lab ticker', () => ticker.stop());
  if (onLab) return { organisation: 'lab', clock, exchange: () => lab, isSmall: () => isLabSmall(db) };

  const real = await openPowershell(parts);
  return {
    organisation: 'real',
    clock,
    exchange: (organisation) => (organisation === 'lab' ? lab : real),
    // Simulated ones that the bot speaks to over PowerShell are.
    isSmall: async () => true,
  };
}

async function openPowershell({
  config,
  environment,
  ids,
  log,
  closing,
  onExchangeCall,
}: ExchangeParts): Promise<Exchange> {
  const engine = await findConfiguredEngine(config, environment);
  if (engine === undefined)
    throw noPowershell(
      'PowerShell was not found. Install PowerShell 7.4 or later, or set POWERSHELL_PATH to its executable.',
    );
  const transport = createPowershellTransport({
    engine,
    connection: connectionOf(config),
    environment,
    ids,
    size: config.EXCHANGE_SESSIONS,
    log,
  });
  closing.add('PowerShell sessions', () => transport.close());
  transport.warm();
  return createExchange({
    organisation: 'real',
    transport,
    onUnreadable: logOnce(log),
    ...(onExchangeCall === undefined ? {} : { onCall: onExchangeCall }),
  });
}

/** undefined: there is no PowerShell where the configuration says, nor on PATH. */
export function findConfiguredEngine(config: Config, environment: Environment): ReturnType<typeof findEngine> {
  const { POWERSHELL_PATH, NODE_POWERSHELL } = config;
  return findEngine({ ...environment, POWERSHELL_PATH, NODE_POWERSHELL });
}

export function noPowershell(message: string): MislaidError {
  return hostError({ code: 'no-powershell', message });
}

/** config.ts has checked that what each kind needs is there. */
export function connectionOf(config: Config): ExchangeConnection {
  switch (config.exchange) {
    case 'online':
      return {
        kind: 'online',
        appId: config.EXCHANGE_APP_ID ?? '',
        organization: config.EXCHANGE_ORGANIZATION ?? '',
        ...(config.EXCHANGE_CERTIFICATE_FILE === undefined
          ? {}
          : { certificateFile: config.EXCHANGE_CERTIFICATE_FILE }),
        ...(config.EXCHANGE_CERTIFICATE_PASSWORD === undefined
          ? {}
          : { certificatePassword: config.EXCHANGE_CERTIFICATE_PASSWORD }),
        ...(config.EXCHANGE_CERTIFICATE_THUMBPRINT === undefined
          ? {}
          : { thumbprint: config.EXCHANGE_CERTIFICATE_THUMBPRINT }),
      };
    case 'onprem':
      return { kind: 'onprem', server: config.EXCHANGE_SERVER ?? '' };
    case 'custom':
      return { kind: 'custom', initScript: config.EXCHANGE_INIT_SCRIPT ?? '' };
    case 'lab':
      throw internalError({ code: 'lab-has-no-connection', message: 'The lab needs no connection.' });
  }
}

/**
 * What every message says of an Exchange that is not real; undefined for a real one. The console may speak as anyone only there.
 * A custom connection counts as simulated only where the session itself says so, no chat platform is configured and this is not production.
 */
export async function simulationMark(config: Config, exchange: OpenExchange['exchange']): Promise<string | undefined> {
  if (config.exchange === 'lab') return 'LAB, no real phone';
  if (config.exchange !== 'custom' || config.platforms.length > 0 || config.NODE_ENV === 'production') return undefined;
  const capabilities = await exchange('real')
    .capabilities()
    .catch(() => undefined);
  return capabilities?.simulation === true ? 'SIMULATION, no real phone' : undefined;
}
