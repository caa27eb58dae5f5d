/** The engine's and Exchange's part of doctor: every check is a row, and a failing row says how to put it right. */
import { stat } from 'node:fs/promises';
import type { DoctorRow } from '../../ground/doctor-row.ts';
import { minute } from '../../ground/durations.ts';
import { getActiveSyncDeviceAccessRule } from '../cmdlets/get-activesync-device-access-rule.ts';
import { getActiveSyncDeviceClass } from '../cmdlets/get-activesync-device-class.ts';
import { getActiveSyncOrganizationSettings } from '../cmdlets/get-activesync-organization-settings.ts';
import { getCasMailbox } from '../cmdlets/get-cas-mailbox.ts';
import { getMobileDeviceStatistics } from '../cmdlets/get-mobile-device-statistics.ts';
import { getOrganizationConfig } from '../cmdlets/get-organization-config.ts';
import { listMailboxes } from '../cmdlets/list-mailboxes.ts';
import { listMobileDevices } from '../cmdlets/list-mobile-devices.ts';
import { listUsers } from '../cmdlets/list-users.ts';
import type { Capabilities, Exchange, Unreadable } from '../port.ts';
import { ExchangeError } from '../port.ts';
import { createExchange } from '../run.ts';
import { CmdletFailure } from '../transport.ts';
import type { ExchangeConnection } from './connection.ts';
import { type Needed, neededCmdlets } from './needed.ts';
import { type ConnectedSession, type OpenOptions, openSession } from './open-session.ts';
import { createPool } from './pool.ts';
import { type Hello, PowershellSessionError } from './session.ts';
import { transportOver } from './transport.ts';

export type ExchangeDoctorOptions = Omit<OpenOptions, 'engine' | 'onHello'> & {
  /** undefined: none was found (findEngine). */
  readonly engine: string | undefined;
  readonly now: () => Date;
  readonly platform?: NodeJS.Platform;
  /** How long an answer of a few rows may take, in milliseconds; default: a minute. */
  readonly answerMs?: number;
  /** The `Date` header of an address, undefined when nobody answers; default: a HEAD request. */
  readonly dateOf?: (url: string) => Promise<Date | undefined>;
};

const installPowershell =
  'install PowerShell 7.6 (aka.ms/powershell), or name its executable in POWERSHELL_PATH; `pwsh -v` must answer';

/** Never throws: what cannot be checked is a row. Opens a session of its own and closes it. What it asks of Exchange only reads. */
export async function exchangeDoctor(options: ExchangeDoctorOptions): Promise<DoctorRow[]> {
  const { connection, engine, now, platform = process.platform } = options;
  if (engine === undefined) return [bad('PowerShell', 'not found', installPowershell)];
  const rows: DoctorRow[] = [...(await fileRows(connection, platform))];
  let hello: Hello | undefined;
  const open = { ...options, engine, onHello: (told: Hello) => (hello = told) };
  let connected: ConnectedSession;
  try {
    connected = await openSession(open);
  } catch (error) {
    rows.push(hello === undefined ? engineRow(engine, error) : versionRow(hello, connection, platform));
    if (hello !== undefined) rows.push(connectionRow(connection, error));
    return rows;
  }
  // Before anything is asked, which may take as long as the clocks may differ.
  const asked = now();
  const answers = await askedRows(open, connected, options.answerMs ?? minute);
  const { capabilities, modules } = connected;
  rows.push(versionRow(connected.hello, connection, platform));
  if (connection.kind === 'online') rows.push(moduleRow(modules, connected.hello));
  rows.push(good('connection to Exchange', `${connection.kind}, Exchange ${capabilities.version}`));
  rows.push(...neededCmdlets.map((needed) => cmdletRow(needed, capabilities)));
  rows.push(accountOnlyRow(capabilities), ...legacyRows(capabilities), ...answers);
  rows.push(...(await clockRows(options, connected.now, asked)));
  return rows;
}

function good(check: string, found: string): DoctorRow {
  return { check, ok: true, found };
}

function bad(check: string, found: string, remedy: string): DoctorRow {
  return { check, ok: false, found, remedy };
}

function engineRow(engine: string, error: unknown): DoctorRow {
  if (error instanceof PowershellSessionError && error.fault === 'language-mode') {
    return bad(
      'PowerShell',
      error.message,
      'exempt the service account from AppLocker or WDAC script rules, or use a JEA endpoint through an init script',
    );
  }
  return bad('PowerShell', error instanceof Error ? error.message : `${engine} does not start`, installPowershell);
}

function versionRow({ version, edition }: Hello, { kind }: ExchangeConnection, platform: NodeJS.Platform): DoctorRow {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const found = `${version} (${edition})`;
  const windowsPowershell = major === 5 && minor >= 1;
  if (!windowsPowershell && (major < 7 || (major === 7 && minor < 4)))
    return bad('PowerShell', found, installPowershell);
  if (kind === 'onprem' && platform !== 'win32') {
    return bad(
      'PowerShell',
      `${found} on ${platform}`,
      'remote PowerShell to Exchange needs Windows (no WSMan client elsewhere): run the bot there, or reach a Windows jump host with MISLAID_EXCHANGE=custom',
    );
  }
  return good('PowerShell', found);
}

function moduleRow(modules: readonly string[], { version }: Hello): DoctorRow {
  const check = 'module ExchangeOnlineManagement';
  const found = modules.find((module) => module.startsWith('ExchangeOnlineManagement '))?.split(' ')[1];
  if (found === undefined) return bad(check, 'not loaded', 'Install-Module ExchangeOnlineManagement -Scope AllUsers');
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const [engineMajor = 0, engineMinor = 0] = version.split('.').map(Number);
  // Release notes of the module: 3.5.0 to 3.9.2 need PowerShell 7.4, 3.10.0 needs 7.6.
  if (major === 3 && minor >= 10 && engineMajor === 7 && engineMinor < 6) {
    return bad(
      check,
      `${found} on PowerShell ${version}`,
      'this module needs PowerShell 7.6: upgrade PowerShell, or install module 3.9.2',
    );
  }
  return good(check, found);
}

function connectionRow({ kind }: ExchangeConnection, error: unknown): DoctorRow {
  const found = error instanceof Error ? error.message : 'failed';
  return bad('connection to Exchange', found.slice(0, 300), connectionMend(kind, error));
}

function connectionMend(kind: ExchangeConnection['kind'], error: unknown): string {
  if (error instanceof ExchangeError && error.code === 'exchange-throttled') {
    return 'too many sessions of this account are open: wait a quarter of an hour, lower EXCHANGE_SESSIONS, stop what else uses the account';
  }
  if (error instanceof PowershellSessionError && error.fault === 'deadline')
    return 'Exchange did not answer: check proxy, firewall and name resolution';
  const type = error instanceof CmdletFailure ? error.type : '';
  if (type === 'PSSecurityException') {
    return 'a group policy forbids scripts here: have the execution policy RemoteSigned set for this machine, or sign the script (Get-ExecutionPolicy -List shows who set what)';
  }
  switch (kind) {
    case 'online':
      if (
        /FileNotFound|Module|CommandNotFound/.test(`${type} ${error instanceof CmdletFailure ? error.errorId : ''}`)
      ) {
        return 'Install-Module ExchangeOnlineManagement -Scope AllUsers (docs/exchange-online.md, step 1)';
      }
      return 'check certificate, its password, its upload to the app registration, Exchange.ManageAsApp with admin consent, and the primary onmicrosoft.com domain (docs/exchange-online.md, steps 2 to 4)';
    case 'onprem':
      return 'check that EXCHANGE_SERVER is a server’s own full name, that the service account has RemotePowerShellEnabled, and that its clock and DNS are right for Kerberos (docs/exchange-onprem.md)';
    case 'custom':
      return 'run the init script by hand, as the service account: `pwsh -NoProfile -NonInteractive -File <script>`';
  }
}

function cmdletRow({ cmdlet, parameters, role, without }: Needed, { cmdlets }: Capabilities): DoctorRow {
  const offered = cmdlets[cmdlet];
  const remedy = `without it: no ${without}. Give the account the role “${role}” (sure answer: Get-ManagementRole -Cmdlet ${cmdlet}), then reconnect`;
  if (offered === undefined) return bad(cmdlet, 'not offered to this account', remedy);
  if (!offered.includes('ErrorAction')) {
    const remedySimple = 'its errors may pass unseen: begin the function in the init script with [CmdletBinding()]';
    return bad(cmdlet, 'a simple function', remedySimple);
  }
  const missing = parameters.filter((parameter) => !offered.includes(parameter));
  if (missing.length === 0) return good(cmdlet, 'offered');
  const names = missing.map((parameter) => `-${parameter}`).join(', ');
  return bad(
    cmdlet,
    `offered without ${names}`,
    `${remedy}; a role that was cut up may hold the cmdlet without ${names}`,
  );
}

/** Exchange is asked what the bot asks hourly, and of a few people and phones, because only an answer shows what a session is worth. */
async function askedRows(open: OpenOptions, connected: ConnectedSession, answerMs: number): Promise<DoctorRow[]> {
  let first: ConnectedSession | undefined = connected;
  const pool = createPool({
    open: async (signal) => {
      const session = first ?? (await openSession({ ...open, signal }));
      first = undefined;
      return session;
    },
    size: 1,
    log: { info: () => undefined, warn: () => undefined },
  });
  const odd: Unreadable[] = [];
  const exchange = createExchange({
    organisation: 'real',
    transport: transportOver(pool),
    onUnreadable: (unreadable) => odd.push(unreadable),
  });
  try {
    const failed = await askAll(exchange, connected.capabilities, { deadlineMs: answerMs });
    return [...failed, ...oddRows(odd)];
  } finally {
    await pool.close();
  }
}

/** So many people, and phones, are asked about one by one. */
const sample = 10;

/** The rows of what could not be asked; a session that answers nothing is not asked any further. */
async function askAll(
  exchange: Exchange<'read'>,
  { cmdlets }: Capabilities,
  few: { deadlineMs: number },
): Promise<DoctorRow[]> {
  const failed: DoctorRow[] = [];
  let silent = false;
  async function ask<R>(cmdlet: string, question: () => Promise<R[]>): Promise<R[]> {
    if (silent || cmdlets[cmdlet] === undefined) return [];
    try {
      return await question();
    } catch (error) {
      const code = error instanceof ExchangeError ? error.code : undefined;
      // Between two questions a mailbox can go; and what is not offered has its row already.
      if (code === 'exchange-not-found' || code === 'exchange-refused-unsent') return [];
      silent = code === 'exchange-timeout' || code === 'exchange-away' || code === 'exchange-throttled';
      // One row for each cmdlet is enough.
      const row = notAnsweredRow(cmdlet, error);
      if (!failed.some(({ check }) => check === row.check)) failed.push(row);
      return [];
    }
  }
  await ask('Get-ActiveSyncOrganizationSettings', () => exchange.run(getActiveSyncOrganizationSettings, {}, few));
  await ask('Get-OrganizationConfig', () => exchange.run(getOrganizationConfig, {}, few));
  await ask('Get-ActiveSyncDeviceAccessRule', () => exchange.run(getActiveSyncDeviceAccessRule, {}, few));
  await ask('Get-ActiveSyncDeviceClass', () => exchange.run(getActiveSyncDeviceClass, {}, few));
  await ask('Get-User', () => exchange.run(listUsers, {}));
  const mailboxes = await ask('Get-Mailbox', () => exchange.run(listMailboxes, {}));
  const devices = await ask('Get-MobileDevice', () => exchange.run(listMobileDevices, {}));
  for (const { guid } of mailboxes.slice(0, sample))
    await ask('Get-CASMailbox', () => exchange.run(getCasMailbox, { Identity: guid }));
  for (const { guid } of devices.slice(0, sample))
    await ask('Get-MobileDeviceStatistics', () => exchange.run(getMobileDeviceStatistics, { Identity: guid }));
  return failed;
}

function notAnsweredRow(cmdlet: string, error: unknown): DoctorRow {
  const found = error instanceof Error ? error.message.slice(0, 300) : 'failed';
  const remedy =
    error instanceof ExchangeError && (error.code === 'exchange-timeout' || error.code === 'exchange-bad-answer')
      ? `run ${cmdlet} by hand; a program that the init script’s cmdlets start must not read the standard input (\`$null | program …\`, \`ssh -n\`) nor wait for a person`
      : `run ${cmdlet} by hand as the service account; a program that it starts must end with code 0 where all is well`;
  return bad(`answer of ${cmdlet}`, found, remedy);
}

/** What of the answers cannot be read, by names of properties: never whose rows they are. */
function oddRows(odd: readonly Unreadable[]): DoctorRow[] {
  const counts = new Map<string, number>();
  for (const { cmdlet, properties, rowLost } of odd) {
    for (const property of properties) {
      const what = `${cmdlet} ${property}${rowLost ? ', by which a row is known' : ''}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return [good('odd rows', 'none')];
  return [...counts].map(([what, count]) =>
    bad(
      `odd rows: ${what}`,
      `${count} of another kind than Exchange documents`,
      'it counts as not known, and nothing is decided by it: look at these rows with Format-List, and at what the init script makes of them',
    ),
  );
}

function accountOnlyRow({ version, accountOnly, cmdlets }: Capabilities): DoctorRow {
  const check = 'Clear-MobileDevice -AccountOnly';
  if (accountOnly) return good(check, 'offered');
  if (version === '2013' || cmdlets['Clear-MobileDevice'] === undefined) {
    return good(check, 'not here: full wipes only, and cards say so');
  }
  return bad(
    check,
    'not offered',
    'account-only wipes are refused: update Exchange to the newest CU, or add the parameter to the role',
  );
}

/** The names of Exchange 2010 are reported, and never used in place of others. */
function legacyRows({ cmdlets }: Capabilities): DoctorRow[] {
  if (cmdlets['Clear-MobileDevice'] !== undefined || cmdlets['Clear-ActiveSyncDevice'] === undefined) return [];
  const found = 'only the *-ActiveSyncDevice cmdlets of Exchange 2010 are offered';
  return [bad('generation of cmdlets', found, 'the bot does not use them: connect to Exchange 2013 or later')];
}

async function clockRows(options: ExchangeDoctorOptions, engineNow: Date, asked: Date): Promise<DoctorRow[]> {
  const rows = [skewRow('clock of PowerShell', asked, engineNow, 10)];
  const url = addressOf(options.connection);
  if (url === undefined) return rows;
  const date = await (options.dateOf ?? headDate)(url);
  if (date === undefined)
    return [...rows, bad('clock of Exchange', `${url} does not answer`, 'check proxy, firewall and name resolution')];
  return [...rows, skewRow('clock of Exchange', options.now(), date, 60)];
}

function skewRow(check: string, here: Date, there: Date, tolerated: number): DoctorRow {
  const seconds = Math.round((there.getTime() - here.getTime()) / 1000);
  const found = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(seconds) <= tolerated) return good(check, found);
  return bad(
    check,
    found,
    'set both clocks by NTP: the proof of a wipe compares times, and Kerberos bears 5 minutes at most',
  );
}

function addressOf(connection: ExchangeConnection): string | undefined {
  switch (connection.kind) {
    case 'online':
      return 'https://outlook.office365.com/';
    case 'onprem':
      return `http://${connection.server}/PowerShell/`;
    case 'custom':
      return undefined;
  }
}

async function headDate(url: string): Promise<Date | undefined> {
  try {
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    const date = new Date(response.headers.get('date') ?? Number.NaN);
    return Number.isNaN(date.getTime()) ? undefined : date;
  } catch {
    return undefined;
  }
}

/** Secrets in files: there, and for the service account alone. */
async function fileRows(connection: ExchangeConnection, platform: NodeJS.Platform): Promise<DoctorRow[]> {
  const files: Record<string, string | undefined> =
    connection.kind === 'online'
      ? {
          'certificate file': connection.certificateFile,
          'certificate password file': connection.certificatePasswordFile,
        }
      : connection.kind === 'onprem'
        ? { 'password file': connection.passwordFile }
        : {};
  const rows: DoctorRow[] = [];
  for (const [check, path] of Object.entries(files)) {
    if (path === undefined) continue;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined)
      rows.push(bad(check, `${path} cannot be read`, 'check the path, and that the service account may read it'));
    else if (platform !== 'win32' && (found.mode & 0o077) !== 0)
      rows.push(bad(check, `${path} is open to others`, `chmod 600 ${path}`));
    else rows.push(good(check, path));
  }
  return rows;
}
