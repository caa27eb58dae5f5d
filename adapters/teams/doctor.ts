/** What `npm run doctor` looks at: whether Entra ID knows the bot, whether Teams' keys can be read, and the groups. It posts nothing. */
import { z } from 'zod';
import type { Config } from '../../src/config.ts';
import { systemClock } from '../../src/ground/clock.ts';
import type { DoctorRow } from '../../src/ground/doctor-row.ts';
import { MislaidError } from '../../src/ground/errors.ts';
import { cloudOf, configuredClient } from './authentication.ts';
import { readCertificate } from './certificate.ts';
import { callTimeoutMs } from './limits.ts';

const Metadata = z.object({ jwks_uri: z.string() });
const Keys = z.object({ keys: z.array(z.object({ kid: z.string() })).min(1) });
/** What a token of Entra ID says of itself, as far as it can be read. */
const TokenError = z.object({ errorCode: z.string() });

export async function teamsDoctor(config: Config): Promise<DoctorRow[]> {
  const { TEAMS_CERTIFICATE_FILE: file, TEAMS_OPENID_METADATA_URL: openIdMetadataUrl } = config;
  const certificate = file === undefined ? [] : [certificateRow(file)];
  if (certificate.some(({ usable }) => !usable)) return certificate.map(({ row }) => row);
  const client = configuredClient(config);
  if (client === undefined) {
    const found = 'no credentials: whoever reaches this machine is believed';
    const remedy =
      'set TEAMS_APP_ID, TEAMS_TENANT_ID and TEAMS_APP_PASSWORD (docs/teams.md) and leave TEAMS_DEVELOPMENT out';
    return [{ check: 'Teams', ok: false, found, remedy }];
  }
  const cloud = cloudOf(openIdMetadataUrl);
  const token = (check: string, base: string) =>
    checked(
      check,
      'renew the secret or certificate of the app registration, and check TEAMS_APP_ID and TEAMS_TENANT_ID',
      async () => {
        await client.acquireTokenByClientCredential({ scopes: [`${base}/.default`] });
        return 'gives a token';
      },
    );
  return [
    ...certificate.map(({ row }) => row),
    await token('Entra ID, for Teams', cloud.issuer),
    await checked('keys of Teams', 'let this machine reach the OpenID metadata address over HTTPS', () =>
      countKeys(openIdMetadataUrl ?? cloud.metadata),
    ),
    ...(config.TEAMS_GRAPH_GROUPS ? [await token('Entra ID, for Graph', config.TEAMS_GRAPH_URL ?? cloud.graph)] : []),
  ];
}

/** Soon enough to renew it before Entra ID refuses the bot. */
const renewDays = 30;

function certificateRow(file: string): { row: DoctorRow; usable: boolean } {
  const check = 'certificate of the bot';
  const now = systemClock.now();
  try {
    const { endsAt } = readCertificate(file, now);
    const days = Math.floor((endsAt.getTime() - now.getTime()) / 86_400_000);
    const found = `ends on ${endsAt.toISOString().slice(0, 10)}, in ${days} days`;
    if (days > renewDays) return { row: { check, ok: true, found }, usable: true };
    const remedy = 'make a new one, upload it to the app registration beside the old one, and start with it';
    return { row: { check, ok: false, found, remedy }, usable: true };
  } catch (error) {
    if (!(error instanceof MislaidError)) throw error;
    return { row: { check, ok: false, found: 'not usable', remedy: error.message }, usable: false };
  }
}

async function countKeys(url: string): Promise<string> {
  const { jwks_uri } = Metadata.parse(await readJson(url));
  return `${Keys.parse(await readJson(jwks_uri)).keys.length} keys`;
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(callTimeoutMs) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return await response.json();
}

async function checked(check: string, remedy: string, read: () => Promise<string>): Promise<DoctorRow> {
  try {
    return { check, ok: true, found: await read() };
  } catch (error) {
    const code = TokenError.safeParse(error).data?.errorCode;
    return { check, ok: false, found: code ?? (error instanceof Error ? error.name : 'no answer'), remedy };
  }
}
